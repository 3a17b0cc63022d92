"""What an audit makes of the reports of its programs; `make audit` runs these themselves."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tools.build import audit

LOCK = Path("requirements/dev.txt")
CURED = {"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}
INCURABLE = {"id": "GHSA-aaaa-bbbb-cccc", "fix_versions": []}


def report_of_checkov(*rules: str) -> dict[str, Any]:
    failed = [
        {
            "check_id": rule,
            "check_name": "Ensure that it is secure",
            "resource": "AWS::S3::Bucket.FeedsBucket",
            "file_line_range": [593, 616],
        }
        for rule in rules
    ]
    return {"results": {"failed_checks": failed}}


def report_of_pip_audit(*packages: dict[str, Any]) -> CompletedProcess[str]:
    return CompletedProcess([], 1, json.dumps({"dependencies": packages, "fixes": []}), "")


def test_a_template_that_breaks_only_what_is_excepted_has_no_findings() -> None:
    report = report_of_checkov(*audit.EXCEPTED, *audit.EXCEPTED)

    assert [*audit.against_the_template(report)] == []


def test_another_rule_that_is_broken_is_a_finding_that_says_where() -> None:
    report = report_of_checkov(*audit.EXCEPTED, "CKV_AWS_19")

    assert [*audit.against_the_template(report)] == [
        "template.yaml:593: AWS::S3::Bucket.FeedsBucket: CKV_AWS_19 Ensure that it is secure"
    ]


def test_an_exception_that_nothing_needs_any_more_is_a_finding() -> None:
    unneeded, *needed = audit.EXCEPTED

    assert [*audit.against_the_template(report_of_checkov(*needed))] == [
        f"tools/build/audit.py: nothing breaks the rule {unneeded}, which needs no exception"
    ]


def test_every_vulnerability_is_a_finding_with_its_cure() -> None:
    packages = [
        {"name": "one", "version": "1.0", "vulns": [CURED, INCURABLE]},
        {"name": "two", "version": "2.0", "vulns": []},
    ]

    known = audit.looked_up(report_of_pip_audit(*packages))

    assert [*audit.vulnerabilities(LOCK, known)] == [
        "requirements/dev.txt: one 1.0: PYSEC-2026-1, cured by 1.1, 2.0",
        "requirements/dev.txt: one 1.0: GHSA-aaaa-bbbb-cccc, cured by no version yet",
    ]


def test_packages_that_nobody_knows_are_not_counted_as_looked_up() -> None:
    known = {"name": "one", "version": "1.0", "vulns": []}
    unknown = {"name": "two", "skip_reason": "not found"}

    assert audit.looked_up(report_of_pip_audit(known, unknown)) == [known]


@pytest.mark.parametrize(
    "done",
    [
        pytest.param(
            report_of_pip_audit({"name": "one", "skip_reason": "not found"}), id="knows-nothing"
        ),
        pytest.param(
            CompletedProcess(
                [], 1, "", "Traceback:\nrequests.exceptions.ConnectionError: no route"
            ),
            id="not-reached",
        ),
        pytest.param(
            CompletedProcess([], 1, "", "ERROR:pip_audit._cli:Could not connect to the feed\n"),
            id="too-slow",
        ),
    ],
)
def test_where_nobody_can_be_asked_nothing_is_known(done: CompletedProcess[str]) -> None:
    with pytest.raises(audit.NoVulnerabilityData):
        audit.looked_up(done)


@pytest.mark.parametrize("stderr", ["ERROR:pip_audit._cli:requirement one is missing hash\n", ""])
def test_what_else_pip_audit_cannot_do_ends_the_audit(stderr: str) -> None:
    with pytest.raises(SystemExit, match="pip-audit: "):
        audit.looked_up(CompletedProcess([], 1, "", stderr))

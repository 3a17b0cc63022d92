"""Looks for known mistakes in template.yaml and known vulnerabilities in the locks: `make audit`.

Makes the bill of materials, too. It runs in .venv-audit, which has checkov and pip-audit.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.build import lock_files, sbom

Done = subprocess.CompletedProcess[str]

# The rules of checkov that template.yaml does not follow: what each wants, and why it is not done.
EXCEPTED = {
    "CKV_AWS_18": "access logs of the bucket: they would take another bucket, and say no more than "
    "API Gateway's access log, since one function alone reads this one",
    "CKV_AWS_21": "versions in the bucket: the feed of a deleted calendar has to be gone",
    "CKV_AWS_68": "a firewall at CloudFront: it costs more than the polls that it guards, and "
    "can be passed by, as API Gateway serves the same feeds",
    "CKV_AWS_86": "access logs of CloudFront: they would show the addresses of feeds, "
    "which are secrets",
    "CKV_AWS_115": "concurrency of its own for each function: new accounts have too little of it "
    "to deploy that; API Gateway's throttles bound what is asked of functions",
    "CKV_AWS_116": "queues of what has failed: API Gateway hands the failure on to the client",
    "CKV_AWS_117": "functions in a VPC: they call AWS, and an issuer, over TLS, and take no calls "
    "from a network; the VPC's NAT gateway would cost more than all the rest",
    "CKV_AWS_119": "an own key for the tables: DynamoDB encrypts them without one; it costs by the "
    "month and by the request, and all calendars are lost with it",
    "CKV_AWS_158": "an own key for the logs: CloudWatch encrypts them without one, and they have "
    "no secrets",
    "CKV_AWS_173": "an own key for the environment: Lambda encrypts it without one, and it has "
    "names and no secrets",
}
# Vulnerabilities that do no harm here, and why.
HARMLESS = {
    "GHSA-wj6h-64fc-37mp": "the time that ecdsa takes to sign gives its key away: checkov, which "
    "brings it, signs nothing"
}

_LONGEST_MESSAGE = 100  # characters


class NoVulnerabilityData(Exception):
    """pip-audit has no data about vulnerabilities. Says why."""


def main() -> None:
    findings = [*against_the_template(_checkov()), *_vulnerabilities_in_locks()]
    print(f"{sbom.FILE}: the {sbom.write()} packages that the layers bring to Lambda")
    for finding in findings:
        print(finding, file=sys.stderr)
    sys.exit(bool(findings))


def against_the_template(report: Mapping[str, Any]) -> Iterator[str]:
    """One line for each failure that is not excepted, and for each exception without a failure."""
    failed = report["results"]["failed_checks"]
    for check in failed:
        if check["check_id"] not in EXCEPTED:
            where = f"template.yaml:{check['file_line_range'][0]}: {check['resource']}"
            yield f"{where}: {check['check_id']} {check['check_name']}"
    for rule in sorted(EXCEPTED.keys() - {check["check_id"] for check in failed}):
        yield f"tools/build/audit.py: nothing breaks the rule {rule}, which needs no exception"


def looked_up(done: Done) -> list[dict[str, Any]]:
    """The packages that pip-audit knows. Raises NoVulnerabilityData if it has no data."""
    if not done.stdout:
        message = (done.stderr.strip() or "no message").splitlines()[-1][:_LONGEST_MESSAGE]
        if "onnect" in message:
            raise NoVulnerabilityData(message)
        sys.exit(f"pip-audit: {message}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    known = [package for package in found if "skip_reason" not in package]
    if not known:
        raise NoVulnerabilityData("the index answers, but knows none of the packages")
    return known


def vulnerabilities(lock: Path, packages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for package in packages:
        for known in package["vulns"]:
            cure = ", ".join(known["fix_versions"]) or "no version yet"
            yield f"{lock}: {package['name']} {package['version']}: {known['id']}, cured by {cure}"


def _checkov() -> Any:
    """checkov's report on the template; checkov neither downloads nor uploads anything."""
    done = _run(
        "checkov",
        *("--file", "template.yaml", "--framework", "cloudformation", "--output", "json"),
        *("--skip-download", "--skip-results-upload", "--soft-fail"),
    )
    report = json.loads(done.stdout or sys.exit(f"checkov: {done.stderr}"))
    passed = report["summary"]["passed"]
    print(f"template.yaml: {passed} checks pass, and {len(EXCEPTED)} rules are excepted")
    return report


def _vulnerabilities_in_locks() -> Iterator[str]:
    count = 0
    try:
        for lock in (*lock_files.RUN_IN_LAMBDA, *sorted(Path("requirements").glob("*.txt"))):
            packages = looked_up(_pip_audit(lock))
            count += len(packages)
            yield from vulnerabilities(lock, packages)
    except NoVulnerabilityData as reason:
        print(f"locks: NOT COMPARED with known vulnerabilities: {reason}")
    else:
        print(f"locks: {count} packages were compared with known vulnerabilities")


def _pip_audit(lock: Path) -> Done:
    return _run(
        "pip-audit",
        *("--requirement", str(lock), "--require-hashes", "--disable-pip"),
        *("--format", "json", "--progress-spinner", "off"),
        *(argument for harmless in HARMLESS for argument in ("--ignore-vuln", harmless)),
    )


def _run(program: str, *arguments: str) -> Done:
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()

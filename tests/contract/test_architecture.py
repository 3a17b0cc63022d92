"""Imports run with the flow: handlers know HTTP and doors, these the domain, the domain neither."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.harness.stacks import ROOT

SHARED = Path("layers/shared")
PACKAGE = SHARED / "mytoken_calendars"
FUNCTIONS = sorted((ROOT / "functions").glob("*/app.py"))

# Each third-party package and the modules that may import it. pydantic is the language of data.
DOORS = {
    "aws_lambda_powertools": {"logs"},
    "boto3": set(),  # see aws/clients.py
    "botocore": {"aws.clients", "aws.dynamodb.transaction", "aws.kms", "aws.s3"},
    "cryptography": {
        "authorities.embedded.codec",
        "authorities.remote.key_set",
        "aws.dynamodb.receipts",
        "aws.kms",
    },
    "jinja2": {"pages.templates"},
    "jwt": {"authorities.embedded.codec", "authorities.remote.codec", "authorities.remote.key_set"},
    "markupsafe": {"pages.qr_code"},
    "maxminddb": {"authorities.client_network"},
    "segno": {"pages.qr_code"},
}
FOR_DATA = "pydantic"


def modules() -> dict[str, Path]:
    """All modules by their name below the package; that of a package is its `__init__`."""
    files = (path.relative_to(ROOT / PACKAGE) for path in (ROOT / PACKAGE).rglob("*.py"))
    return {".".join(file.with_suffix("").parts): ROOT / PACKAGE / file for file in files}


def contracts() -> list[dict[str, Any]]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = pyproject["tool"]["importlinter"]["contracts"]
    return found


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(SHARED)},
        capture_output=True,
        text=True,
        check=False,
    )


def copied(to: Path) -> Path:
    shutil.copytree(ROOT / SHARED, to / SHARED)
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def packages_imported(path: Path) -> set[str]:
    """The third-party packages that a file imports when it runs, wherever in it."""
    tree = ast.parse(path.read_text())
    for_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
    }
    names = {n for node in ast.walk(tree) if node not in for_types for n in _imported(node)}
    return names - sys.stdlib_module_names - {"mytoken_calendars"}


def _imported(node: ast.AST) -> set[str]:
    match node:
        case ast.Import():
            return {alias.name.partition(".")[0] for alias in node.names}
        case ast.ImportFrom(module=str(module), level=0):
            return {module.partition(".")[0]}
        case _:
            return set()


# --- the flow -------------------------------------------------------------------------------------


def test_the_imports_keep_every_contract() -> None:
    result = lint_imports(ROOT)

    assert result.returncode == 0, result.stdout
    assert f"Contracts: {len(contracts())} kept, 0 broken." in result.stdout


ONE_WAY, PURE = "Data flows one way", "The rules know no AWS, no logs and no formats"


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("errors", "from mytoken_calendars import changes", ONE_WAY),
        ("changes", "from mytoken_calendars import logs", ONE_WAY),
        ("identifiers", "from mytoken_calendars.tokens import mytoken", ONE_WAY),
        ("tokens/access", "from mytoken_calendars.calendars import names", ONE_WAY),
        ("calendars/names", "from mytoken_calendars.feeds import feed", ONE_WAY),
        ("feeds/feed", "from mytoken_calendars.http import operation", ONE_WAY),
        ("feeds/feed", "from mytoken_calendars.aws.dynamodb import table", ONE_WAY),
        ("feeds/feed", "from mytoken_calendars.pages import view", ONE_WAY),
        ("pages/view", "from mytoken_calendars.http import request", ONE_WAY),
        ("http/operation", "from mytoken_calendars.aws.dynamodb import table", ONE_WAY),
        ("aws/dynamodb/table", "from mytoken_calendars.http import operation", ONE_WAY),
        ("aws/kms", "from mytoken_calendars.authorities import configuration", ONE_WAY),
        ("http/body", "from mytoken_calendars import authorities", ONE_WAY),
        ("calendars/calendars", "import boto3", PURE),
        ("tokens/mytoken", "import jwt", PURE),
        ("tokens/schedule", "from mytoken_calendars import logs", PURE),
        ("feeds/feed", "import botocore", PURE),
        ("pages/view", "from mytoken_calendars import logs", PURE),
    ],
)
def test_an_import_against_the_flow_breaks_its_contract(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    root = copied(tmp_path)
    path = root / PACKAGE / f"{module}.py"
    path.write_text(f"{path.read_text()}\n{line}\n")

    result = lint_imports(root)

    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout


def test_a_package_that_no_layer_names_breaks_the_contract(tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / PACKAGE / "elsewhere.py").write_text("")

    result = lint_imports(root)

    assert f"{ONE_WAY} BROKEN" in result.stdout


def test_the_contracts_are_short_and_name_packages() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    configuration = text[text.index("[tool.importlinter]") :].splitlines()
    packages = {
        path.name for path in (ROOT / PACKAGE).iterdir() if path.is_dir() and "__" not in path.name
    }

    assert len(configuration) <= 60
    layers = {name for layer in contracts()[0]["layers"] for name in layer.split(" | ")}
    assert packages <= layers


def test_a_package_has_no_code_of_its_own_but_the_start_and_the_choice_of_the_authority() -> None:
    packages = [path for path in (ROOT / PACKAGE).rglob("__init__.py") if path.read_text().strip()]
    with_code = [path for path in packages if len(ast.parse(path.read_text()).body) > 1]

    assert {path.parent.name for path in with_code} == {"mytoken_calendars", "authorities"}


def test_functions_are_short() -> None:
    trees = [ast.parse(path.read_text()) for path in modules().values()]
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )

    assert lengths[len(lengths) * 95 // 100] <= 20


# --- doors ----------------------------------------------------------------------------------------


def test_each_third_party_package_is_imported_by_its_doors_only() -> None:
    importers: dict[str, set[str]] = defaultdict(set)

    for module, path in modules().items():
        for package in packages_imported(path) - {FOR_DATA}:
            importers[package].add(module)

    assert importers == {package: doors for package, doors in DOORS.items() if doors}


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.parent.name)
def test_a_handler_imports_no_third_party_package_but_for_data(path: Path) -> None:
    assert packages_imported(path) <= {FOR_DATA}


def test_no_random_value_is_of_a_seed_that_a_snapshot_keeps() -> None:
    seeded = [
        f"{path.name}:{node.lineno}"
        for path in (*modules().values(), *FUNCTIONS)
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == "random")
        or (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id == "random" and node.attr != "SystemRandom")
        )
    ]

    assert seeded == []


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.parent.name)
def test_a_handler_imports_no_other_handler(path: Path) -> None:
    assert not {"app", "functions", "local", "tests", "tools"} & packages_imported(path)


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("import boto3", {"boto3"}),
        ("from boto3.dynamodb import types", {"boto3"}),
        ("def f():\n    import jwt.algorithms as a", {"jwt"}),
        ("try:\n    import jwt\nexcept ImportError:\n    pass", {"jwt"}),
        ("if TYPE_CHECKING:\n    from mypy_boto3_s3 import S3Client", set()),
        ("if TYPE_CHECKING:\n    import jwt\ndef f():\n    import jwt", {"jwt"}),
        ("import json\nfrom mytoken_calendars import api", set()),
    ],
)
def test_an_import_is_seen_wherever_it_stands(
    tmp_path: Path, text: str, packages: set[str]
) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)

    assert packages_imported(path) == packages


def test_pages_are_loaded_by_the_function_that_shows_them_and_by_no_other() -> None:
    files = [*modules().values(), *FUNCTIONS]
    outside = [path for path in files if path.parent.name != "pages"]

    importing = {
        str(path.relative_to(ROOT))
        for path in outside
        if re.search(
            r"import .*\b(pages|page_response)\b|from \S*\b(pages|page_response)\b",
            path.read_text(),
        )
    }

    assert importing == {f"{PACKAGE}/http/page_response.py", "functions/view_calendar/app.py"}


# --- the feed, which is polled --------------------------------------------------------------------

_LOAD_THE_FEED = """
import json, sys
python = set(sys.modules)
from botocore.session import Session

clients = []
make = Session.create_client
Session.create_client = lambda self, service, **more: (
    clients.append(service) or make(self, service, **more)
)
import app

print(json.dumps({"modules": sorted(set(sys.modules) - python), "clients": clients}))
"""


@pytest.fixture(scope="module")
def feed_function() -> dict[str, list[str]]:
    """What is loaded, and which clients are made, when Lambda starts the function of the feed."""
    environment = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "CALENDARS_TABLE": "calendars",
        "FEEDS_BUCKET": "feeds",
        "PUBLIC_URL_PARAMETER": "/stack/public-url",
        "RENEWAL_PAGE": "",
        "PYTHONPATH": os.pathsep.join([str(ROOT / SHARED), str(ROOT / "functions" / "get_feed")]),
    }
    result = subprocess.run(
        [sys.executable, "-c", _LOAD_THE_FEED],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded: dict[str, list[str]] = json.loads(result.stdout)
    return loaded


@pytest.mark.parametrize(
    "module",
    [
        "aws_lambda_powertools",
        "aws_xray_sdk",
        "boto3",
        "cryptography",
        "icalendar",
        "jinja2",
        "jwt",
        "mytoken_calendars.tokens.access",
        "mytoken_calendars.feeds.ics",
        "mytoken_calendars.aws.dynamodb.calendars",
        "opentelemetry",
        "pydantic",
    ],
)
def test_the_feed_starts_without(feed_function: dict[str, list[str]], module: str) -> None:
    assert "mytoken_calendars.feeds.feed" in feed_function["modules"]
    assert module not in feed_function["modules"]


def test_the_feed_starts_with_botocore_and_what_that_needs_and_no_other_package(
    feed_function: dict[str, list[str]],
) -> None:
    packages = {module.partition(".")[0] for module in feed_function["modules"]}

    others = packages - sys.stdlib_module_names - {"app", "mytoken_calendars"}
    assert others <= {"botocore", "certifi", "dateutil", "jmespath", "six", "urllib3"}


def test_the_feed_starts_with_a_client_for_dynamodb_alone(
    feed_function: dict[str, list[str]],
) -> None:
    assert feed_function["clients"] == ["dynamodb"]

"""Where `sam build` has put what it made for this machine, which make test-build says in BUILT."""

import os
from pathlib import Path

from local.template import ROOT

BUILT = ROOT / os.environ.get("BUILT", "")
TEMPLATE = BUILT / "template.yaml"
PYTHON = ROOT / ".venv-lambda" / "bin" / "python"  # of the version that the layers are for
SAM = ROOT / ".venv-sam" / "bin" / "sam"


def function_id(operation: str) -> str:
    """What the template calls the function of an operation; the artefact has the same name."""
    return f"{operation.title().replace('_', '')}Function"


def layers() -> list[Path]:
    return sorted(BUILT.glob("*Layer"))

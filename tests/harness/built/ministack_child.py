"""Runs ministack as local/ministack_child.py does, but for built functions, and with mends."""

import json
import os
import runpy
import sys
from pathlib import Path

from ministack import app
from ministack.core import iam_actions
from ministack.services import apigateway, lambda_svc

_execute = lambda_svc._execute_function
_context = iam_actions.request_tag_context
_pin_origin = app.pin_request_origin


def execute(function, event):
    """API Gateway has the variables of its stage, but does not tell them to functions."""
    context = event.get("requestContext", {})
    if variables := apigateway._get_stage_variables(context.get("apiId"), context.get("stage")):
        event["stageVariables"] = variables
    return _execute(function, event)


def condition_keys(service, action, body, parameters):
    """Policies know no condition keys of KMS. They are the members of the request."""
    of_kms = json.loads(body) if service == "kms" else {}
    named = {f"kms:{name}": value for name, value in of_kms.items() if isinstance(value, str)}
    return {**_context(service, action, body, parameters), **named}


def pin_origin(address, secure):
    """Nothing here is TLS, and what is there for TLS alone has to answer."""
    _pin_origin(address, True)


lambda_svc._execute_function = execute
iam_actions.request_tag_context = condition_keys
app.pin_request_origin = pin_origin
# Functions are started with ministack's own interpreter: these want one of their layers' version.
sys.executable = os.environ["FUNCTIONS_PYTHON"]
runpy.run_path(str(Path(__file__).parents[3] / "local" / "ministack_child.py"))

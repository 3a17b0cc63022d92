"""Runs ministack as local/ministack_child.py does, mended in two places for what is built.

It starts functions with its own interpreter; these want one of the version of their layers. And its
API Gateway has the variables of a stage, but does not tell them to functions, as AWS does.
"""

import os
import runpy
import sys
from pathlib import Path

from ministack.services import apigateway, lambda_svc

_execute = lambda_svc._execute_function


def _execute_with_stage_variables(function, event):
    context = event.get("requestContext", {})
    if variables := apigateway._get_stage_variables(context.get("apiId"), context.get("stage")):
        event["stageVariables"] = variables
    return _execute(function, event)


sys.executable = os.environ["FUNCTIONS_PYTHON"]
lambda_svc._execute_function = _execute_with_stage_variables
runpy.run_path(str(Path(__file__).parents[2] / "local" / "ministack_child.py"))

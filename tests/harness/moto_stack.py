"""The stack on moto: the resources of template.yaml, and the environment of its functions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from moto import mock_aws
from moto.kms.utils import ECDSAPrivateKey

from local import data
from local.template import Template
from tests.doubles import moto_answers, moto_transactions
from tests.harness.stacks import Stack

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
}

Deploy = Callable[..., dict[str, str]]


@contextmanager
def running() -> Iterator[Deploy]:
    """Deploys to moto, once in each region; gives the environment of the functions."""
    with (
        Stack(_CREDENTIALS).entered(),
        mock_aws(),
        moto_transactions.restoring_items(),
        moto_answers.by_what_they_have(),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(ECDSAPrivateKey, "sign", _sign_digest)
        yield _deployed


def _deployed(region: str, mytoken_issuer: str = "") -> dict[str, str]:
    aws = {**_CREDENTIALS, "AWS_DEFAULT_REGION": region}
    template = Template.read()
    with Stack(aws).entered():
        variables = data.deploy(template, mytoken_issuer)
        return {**aws, **variables, "SIGNING_KEYS": _signing_key(template)}


def _signing_key(template: Template) -> str:
    """The template's key, made by hand: moto's CloudFormation takes no notice of its KeySpec."""
    properties = template.document["Resources"]["SigningKey"]["Properties"]
    kms: Any = boto3.client("kms")
    key = kms.create_key(KeySpec=properties["KeySpec"], KeyUsage=properties["KeyUsage"])
    arn: str = key["KeyMetadata"]["Arn"]
    return arn


def _sign_digest(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    """Signs a digest as KMS does; moto's own takes the digest for a message and hashes it again."""
    algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA512()))
    signature: bytes = self.private_key.sign(message, algorithm)
    return signature

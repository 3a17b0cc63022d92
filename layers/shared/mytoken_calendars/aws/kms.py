"""The door to KMS: the key pairs that sign mytokens. A private key never leaves KMS.

The first key of SIGNING_KEYS signs; the further ones only verify. So a key is rotated by a new
first one: tokens of the old key stay valid as long as it is in the list.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self, cast

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mytoken_calendars.aws import clients, metrics
from mytoken_calendars.aws.metrics import Metric
from mytoken_calendars.errors import TemporarilyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@contextmanager
def _answering() -> Iterator[None]:
    """Turns every error of KMS into TemporarilyUnavailable, also that of a disabled key."""
    with metrics.counted(Metric.AUTHORITY_UNREACHABLE, TemporarilyUnavailable):
        try:
            with clients.reachable():
                yield
        except ClientError as error:
            raise TemporarilyUnavailable from error


@dataclass(frozen=True)
class SigningKey:
    """An ECC_NIST_P521 key of KMS. Its methods raise TemporarilyUnavailable."""

    kms: "KMSClient"
    key_id: str

    @classmethod
    def all_from_environment(cls) -> list[Self]:
        """The key that signs, and then the retired keys."""
        kms = clients.client("kms")
        return [cls(kms, key_id) for key_id in os.environ["SIGNING_KEYS"].split(",")]

    @cached_property
    @_answering()
    def public(self) -> EllipticCurvePublicKey:
        """The public key. It never changes, so it is fetched once."""
        der = self.kms.get_public_key(KeyId=self.key_id)["PublicKey"]
        return cast("EllipticCurvePublicKey", load_der_public_key(der))

    @_answering()
    def sign(self, message: bytes) -> bytes:
        """The ECDSA signature with SHA-512, in DER."""
        answer = self.kms.sign(
            KeyId=self.key_id,
            Message=hashlib.sha512(message).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_512",
        )
        return answer["Signature"]

"""Receipts in DynamoDB: `keys.py` has their layout, `tokens/idempotency.py` their purpose.

A receipt exists if and only if its request was done, as one transaction writes both; or while
another issuer is asked to rotate the token.

A reader of the table cannot use the successor in a receipt. The successor is encrypted (Fernet),
and the key is derived from the old token (HKDF, RFC 5869), which no table holds.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from cryptography.fernet import Fernet
from cryptography.fernet import InvalidToken as FernetError
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mytoken_calendars import limits
from mytoken_calendars.aws.dynamodb import keys
from mytoken_calendars.aws.dynamodb.table import Table
from mytoken_calendars.changes import Change, Write
from mytoken_calendars.errors import IdempotencyKeyReused
from mytoken_calendars.tokens.idempotency import IdempotencyKey, Receipt


@dataclass(frozen=True)
class ReceiptStore:
    """Implements `idempotency.Receipts`. `find` also raises TemporarilyUnavailable."""

    table: Table

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Table.calendars())

    def find(self, key: IdempotencyKey, bearer: str, *, arrived: int) -> Receipt | None:
        item = self.table.get(keys.receipt(bearer, key.text))
        if item is None or item["ttl"] <= arrived:
            return None
        if item["request"] != key.request_digest:
            raise IdempotencyKeyReused
        encrypted = item.get("successor")
        successor = _decrypted(encrypted, bearer, arrived) if encrypted else None
        return Receipt(
            item["calendar"],
            successor,
            feed_id=item.get("feed", ""),
            begun=item.get("begun", ""),
            at=item["ttl"] - limits.REPEATABLE,
        )

    def receipt_write(
        self, key: IdempotencyKey, bearer: str, receipt: Receipt, change: Change, *, begun: str
    ) -> Write:
        item = {
            "request": key.request_digest,
            "calendar": receipt.calendar_id,
            "ttl": change.at + receipt.lasts,
        }
        if receipt.feed_id:
            item["feed"] = receipt.feed_id
        if receipt.begun:
            item["begun"] = receipt.begun
        if receipt.token_update:
            item["successor"] = _encrypted(receipt.token_update, bearer, change.at)
        return self.table.put(
            keys.receipt(bearer, key.text),
            item,
            "attribute_not_exists(#pk) OR #ttl <= :now OR #begun = :begun",
            now=change.at,
            begun=begun,
        )


def _encrypted(successor: Mapping[str, Any], bearer: str, at: int) -> str:
    return _cipher(bearer).encrypt_at_time(json.dumps(successor).encode(), at).decode()


def _decrypted(encrypted: str, bearer: str, now: int) -> dict[str, Any] | None:
    """The successor; None if it was encrypted more than `limits.SUCCESSOR_REPEATED` seconds ago.

    Fernet stores and authenticates the time of the encryption.
    """
    try:
        text = _cipher(bearer).decrypt_at_time(encrypted, limits.SUCCESSOR_REPEATED, now)
    except FernetError:
        return None
    successor: dict[str, Any] = json.loads(text)
    return successor


def _cipher(bearer: str) -> Fernet:
    """The cipher for this token's receipts.

    A mytoken is a strong secret, so HKDF needs no salt, which is optional (RFC 5869, 3.1).
    """
    derive = HKDF(SHA256(), length=32, salt=None, info=b"mytoken-calendars receipt")
    return Fernet(base64.urlsafe_b64encode(derive.derive(bearer.encode())))

"""What a mytoken server knows and decides: its tokens, their uses, and who may ask for what."""

import base64
import hashlib
import ipaddress
import json
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

DAY = 24 * 60 * 60
OPENID_PROVIDER = "https://op.example"
CAPABILITY_OF = {
    "introspect": "tokeninfo:introspect",
    "subtokens": "tokeninfo:subtokens",
    "list_mytokens": "manage_mytokens:list",
}

SHORTEST = 32  # characters of a token: what is shorter is refused at once

_LACKING = "The provided token does not have the required capability for this operation"
_RESTRICTED = "The restrictions of this token do not allow this usage"
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

Claims = dict[str, Any]


class Refused(Exception):
    """What the server refuses; without a `text` the answer has no description."""

    def __init__(self, status: int, error: str, text: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.text = status, error, text


@dataclass(frozen=True)
class Minted:
    """A token as its holder has it; `short` is another name of it."""

    bearer: str
    mom_id: str
    short: str


@dataclass(frozen=True)
class Entry:
    """A token as the server has it. `done` counts its uses, clause by clause."""

    claims: Claims
    parent: str | None
    created: int
    expires: int | None
    seq_no: int = 1
    done: tuple[int, ...] = ()

    @property
    def restrictions(self) -> list[Claims]:
        return list(self.claims.get("restrictions", []))

    @property
    def rotation(self) -> Claims:
        return dict(self.claims.get("rotation", {}))


def new_key(algorithm: str) -> Any:
    if algorithm in _CURVES:
        return ECKey.generate_key(_CURVES[algorithm])
    return RSAKey.generate_key(2048)


@dataclass
class Ledger:
    """The state of a server under this issuer URL.

    `rotates_always` is not what real servers do: their list-like actions neither count nor rotate
    a token without restrictions.
    """

    url: str = ""
    algorithm: str = "ES512"
    kid: str | None = None
    rotates_always: bool = False
    clock: Callable[[], float] = time.time
    entries: dict[str, Entry] = field(default_factory=dict)
    shorts: dict[str, str] = field(default_factory=dict)
    key: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.key = self.key or new_key(self.algorithm)

    @property
    def now(self) -> int:
        return int(self.clock())

    def rotate_signing_key(self, algorithm: str | None = None) -> None:
        """Tokens that were signed so far are worth nothing from now on, as at real servers."""
        self.algorithm = algorithm or self.algorithm
        self.key = new_key(self.algorithm)

    @property
    def jwks(self) -> dict[str, Any]:
        named = {} if self.kid is None else {"kid": self.kid}
        public = {n: v for n, v in self.key.as_dict(private=False).items() if n != "kid"}
        return {"keys": [{**public, "use": "sig", "alg": self.algorithm, **named}]}

    def mint(
        self,
        *capabilities: str,
        user: str = "alice",
        expires_in: int | None = 40 * DAY,
        restrictions: list[Claims] | None = None,
        rotation: Claims | None = None,
        name: str | None = "ci",
        parent: Minted | str | None = None,
    ) -> Minted:
        """A token, which by default may manage notifications.

        At real servers a token that expires is one whose restrictions do: so is it here.
        """
        now = self.now
        clauses = [dict(clause) for clause in restrictions or []]
        if expires_in is not None:
            clauses = [{"exp": now + expires_in, **clause} for clause in clauses or [{}]]
        ends = [clause.get("exp") for clause in clauses]
        expires = max(ends) if ends and None not in ends else None  # type: ignore[type-var]
        starts = [clause.get("nbf", now) for clause in clauses]
        claims = {
            "ver": "0.7",
            "token_type": "mytoken",
            "iss": self.url,
            "sub": _sub(user),
            "aud": self.url,
            "exp": expires,
            "nbf": max([now, min(starts)] if starts else [now]),
            "iat": now,
            "auth_time": now,
            "jti": str(uuid4()),
            "seq_no": 1,
            "name": name,
            "oidc_sub": user,
            "oidc_iss": OPENID_PROVIDER,
            "capabilities": list(capabilities or ["manage_mytokens:notify"]),
            "restrictions": clauses or None,
            "rotation": rotation,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        mom_id = mom_id_of(claims["jti"])
        above = parent.mom_id if isinstance(parent, Minted) else parent
        self.entries[mom_id] = Entry(claims, above, now, expires, done=(0,) * len(clauses))
        bearer = self.sign(claims)
        return Minted(bearer, mom_id, self.shortened(bearer))

    def sign(self, claims: Claims, **header: Any) -> str:
        """The JWT of any claims, with the server's key."""
        named = {} if self.kid is None else {"kid": self.kid}
        head = {"alg": self.algorithm, "typ": "MT+JWT", **named, **header}
        registry = jws.JWSRegistry(algorithms=[self.algorithm])
        return jws.serialize_compact(head, json.dumps(claims).encode(), self.key, registry=registry)

    def revoke(self, token: Minted | str, *, recursive: bool = False) -> None:
        mom_id = token.mom_id if isinstance(token, Minted) else token
        below = [m for m, entry in self.entries.items() if entry.parent == mom_id]
        self.entries.pop(mom_id, None)
        for child in below if recursive else []:
            self.revoke(child, recursive=True)

    def tokeninfo(self, action: str, presented: str, address: str) -> dict[str, Any]:
        """The answer to one of the actions of CAPABILITY_OF; raises Refused."""
        with self.lock:
            return self._tokeninfo(action, presented, address)

    def _tokeninfo(self, action: str, presented: str, address: str) -> dict[str, Any]:
        mom_id, entry = self._alive(presented)
        held = entry.claims["capabilities"]
        if not any(_covers(capability, CAPABILITY_OF[action]) for capability in held):
            raise Refused(403, "insufficient_capabilities", _LACKING)
        if action == "introspect":
            return self._introspected(mom_id, entry, "token" if "." in presented else "short_token")
        update = self._used(mom_id, entry, address, short="." not in presented)
        if action == "subtokens":
            return {"mytokens": self._tree(mom_id), **update}
        mine = {m for m, e in self.entries.items() if e.claims["sub"] == entry.claims["sub"]}
        roots = [m for m in self.entries if m in mine and self.entries[m].parent not in mine]
        return {"mytokens": [self._tree(root) for root in roots], **update}

    def _alive(self, presented: str) -> tuple[str, Entry]:
        """The token that was presented; presenting one that was superseded may revoke it."""
        claims = self._verified(self.shorts.get(presented, presented))
        mom_id = mom_id_of(claims["jti"])
        entry = self.entries.get(mom_id)
        if claims["nbf"] > self.now:
            raise Refused(401, "invalid_token", "token is not valid yet")
        if (late := self.now - claims.get("exp", self.now)) > 0:
            raise Refused(401, "invalid_token", f"token is expired by {late}s")
        if entry is None:
            raise Refused(401, "invalid_token")
        if claims["seq_no"] != entry.seq_no:
            if entry.rotation.get("auto_revoke"):
                self.revoke(mom_id, recursive=True)
            raise Refused(401, "invalid_token")
        return mom_id, entry

    def _verified(self, bearer: str) -> Claims:
        try:
            registry = jws.JWSRegistry(algorithms=[self.algorithm])
            payload = jws.deserialize_compact(bearer, self.key, registry=registry).payload
            claims: Claims = json.loads(payload)
        except (JoseError, ValueError):
            raise Refused(401, "invalid_token", "crypto/ecdsa: verification error") from None
        if claims["iss"] != self.url:
            raise Refused(401, "invalid_token", "invalid issuer")
        if claims["aud"] != self.url:
            raise Refused(401, "invalid_token", "invalid Audience")
        return claims

    def _used(self, mom_id: str, entry: Entry, address: str, *, short: bool) -> dict[str, Any]:
        """The `token_update` of a use, if it has one, by its name."""
        if not entry.restrictions and not self.rotates_always:
            return {}
        done = self._counted(entry, address)
        entry = self.entries[mom_id] = replace(entry, done=done)
        if not entry.rotation.get("on_other"):
            return {}
        lifetime = entry.rotation.get("lifetime", 0)
        times = {"iat": self.now, "nbf": self.now} | (
            {"exp": self.now + lifetime} if lifetime else {}
        )
        claims = {**entry.claims, **times, "seq_no": entry.seq_no + 1}
        self.entries[mom_id] = replace(entry, claims=claims, seq_no=entry.seq_no + 1)
        bearer = self.sign(claims)
        update = {
            "mytoken": self.shortened(bearer) if short else bearer,
            "mytoken_type": "short_token" if short else "token",
            "mom_id": mom_id,
            "expires_in": claims.get("exp", self.now) - self.now,
            "capabilities": claims["capabilities"],
            "restrictions": claims.get("restrictions"),
            "rotation": claims["rotation"],
        }
        return {"token_update": {n: v for n, v in update.items() if v}}

    def _counted(self, entry: Entry, address: str) -> tuple[int, ...]:
        """The counts after a use, which is one of the first clause that allows it."""
        for index, clause in enumerate(entry.restrictions):
            if self._holds(clause, entry.done[index], address):
                return tuple(n + (i == index) for i, n in enumerate(entry.done))
        if entry.restrictions:
            raise Refused(403, "usage_restricted", _RESTRICTED)
        return entry.done

    def _holds(self, clause: Claims, done: int, address: str) -> bool:
        in_time = clause.get("nbf", 0) <= self.now <= clause.get("exp", self.now)
        left = done < clause.get("usages_other", done + 1)
        return in_time and left and _is_at(address, clause.get("hosts"))

    def _introspected(self, mom_id: str, entry: Entry, token_type: str) -> dict[str, Any]:
        clauses = [
            {**clause, "usages_AT_done": 0, "usages_other_done": done}
            if isinstance(clause, dict)
            else clause
            for clause, done in zip(entry.restrictions, entry.done, strict=True)
        ]
        restrictions = {"restrictions": clauses} if clauses else {}
        token = {**entry.claims, **restrictions}
        return {"valid": True, "token_type": token_type, "token": token, "mom_id": mom_id}

    def _tree(self, mom_id: str) -> dict[str, Any]:
        entry = self.entries[mom_id]
        token = {
            "mom_id": mom_id,
            "name": entry.claims.get("name"),
            "created": entry.created,
            "expires_at": entry.expires,
            "ip": "192.0.2.1",
        }
        children = [self._tree(m) for m, e in self.entries.items() if e.parent == mom_id]
        below = {"children": children} if children else {}
        return {"token": {n: v for n, v in token.items() if v is not None}, **below}

    def shortened(self, bearer: str) -> str:
        letters = string.ascii_letters + string.digits
        short = "".join(secrets.choice(letters) for _ in range(64))
        self.shorts[short] = bearer
        return short


def mom_id_of(jti: str) -> str:
    return base64.b64encode(hashlib.sha512(UUID(jti).bytes).digest()).decode()


def _sub(user: str) -> str:
    return base64.b64encode(
        hashlib.sha3_256(f"{user}@{OPENID_PROVIDER}".encode()).digest()
    ).decode()


def _covers(held: str, needed: str) -> bool:
    """Whether a capability is another or stands above it; of those asked for none is `read@`."""
    return f"{needed}:".startswith(f"{held}:")


def _is_at(address: str, hosts: list[str] | None) -> bool:
    """Whether one of these addresses and networks has it; names are not looked up."""
    return hosts is None or any(
        ipaddress.ip_address(address) in network for network in _networks(hosts)
    )


def _networks(hosts: list[str]) -> Iterator[Any]:
    for host in hosts:
        try:
            yield ipaddress.ip_network(host)
        except ValueError:
            continue

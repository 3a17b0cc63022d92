"""Every parser of ours under hostile input: it takes it or refuses it in its own words, and what it
takes is what it promises. Nothing else is ever raised."""

import base64
import json
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from pydantic import ValidationError

from local.template import Template
from mytoken_calendars import limits, strict_json
from mytoken_calendars.authorities.embedded.codec import JwtCodec
from mytoken_calendars.authorities.remote import key_set, tokeninfo_answers
from mytoken_calendars.authorities.remote.codec import RemoteCodec
from mytoken_calendars.authorities.remote.issuer import Issuer
from mytoken_calendars.calendars import names
from mytoken_calendars.errors import (
    InvalidRequest,
    InvalidToken,
    PayloadTooLarge,
    TemporarilyUnavailable,
    UnsupportedMediaType,
)
from mytoken_calendars.feeds.style import Detail, Reminders, Style
from mytoken_calendars.feeds.writer import Writer
from mytoken_calendars.http import body
from mytoken_calendars.tokens import hosts, restrictions
from mytoken_calendars.tokens.mytoken import Mytoken
from mytoken_calendars.tokens.restrictions import Circumstances
from mytoken_calendars.tokens.schedule import Schedule
from tests.doubles.fakes import FakeNetwork, LocalKey, Scripted
from tests.doubles.mytoken_ledger import Ledger
from tests.doubles.mytoken_server import CONFIGURATION, JWKS
from tests.harness import examples, openapi
from tests.harness.examples import ISSUER, NOW
from tests.harness.feeds import raw_lines
from tests.harness.invariants import violations
from tests.harness.reliability.damaged_input import (
    broken_texts,
    changed,
    characters,
    damaged,
    damaged_text,
    odd_numbers,
    respelled,
    spelled,
    texts,
    values,
)
from tests.harness.server import ServedStack
from tests.harness.stacks import (
    CALENDARS,
    PUBLIC_URL,
    Stack,
    Token,
    sample_event,
    set_body,
    set_token,
)
from tests.harness.steps import Document, add, create
from tests.harness.tally import Tally

Check = Callable[..., bool]
Fuzz = Callable[..., Callable[[Check], None]]

times = st.integers(0, limits.LATEST_TIME) | st.sampled_from([0, NOW, limits.LATEST_TIME])


@pytest.fixture
def fuzz(tally: Tally, *, deep: bool) -> Fuzz:
    """Runs a check on many inputs of a parser, always the same ones.

    A check says whether its input was taken: if none was, they are too bad to find a fault.
    """

    def of(parser: str, quickly: int = 150, deeply: int = 3000, **inputs: Any) -> Any:
        def run(check: Check) -> None:
            taken = 0

            def counted(**one: Any) -> None:
                nonlocal taken
                with tally.case(f"fuzz: {parser}"):
                    taken += check(**one)

            many = deeply if deep else quickly
            explored = settings(max_examples=many, deadline=None, derandomize=True, database=None)
            explored(given(**inputs)(counted))()
            assert taken

        return run

    return of


# --- bodies -------------------------------------------------------------------------------------


class Everything(body.Fields):
    """All fields that bodies have."""

    name: body.CalendarName = "x"
    comment: body.Comment = ""
    mom_id: body.MomIdOrOwn = ""
    recursive: body.Flag = False
    token: str = ""


FIELDS = {
    "name": "CI Mytokens",
    "comment": "two\nlines",
    "mom_id": examples.MOM_ID,
    "recursive": True,
    "token": "x",
    "mytoken": "y",
}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FORM_BODY = urlencode({**FIELDS, "recursive": "true"}).encode()
FORM_WORDS = (b"&", b"=", b"+", b"%", b"%ff", b"%00", b"%ED%A0%80", b";", b"&name=", b"&a" * 17)

json_bodies = spelled(changed(FIELDS))
form_bodies = damaged(st.just(FORM_BODY), FORM_WORDS)
media_types = damaged_text(
    [JSON, FORM, "; charset=", '"', "utf-16", "*", "0", "; charset*0=x", "; ", "\\", "\x00''"],
    f"{JSON}; charset=utf-8",
    f"{FORM}; charset*=utf-8''utf-8",
    f"{JSON}; charset*=us''utf-8; charset*0=x",  # which contradict each other
)


def test_a_json_body_is_read_as_its_fields_or_refused(fuzz: Fuzz) -> None:
    @fuzz("JSON body", data=json_bodies, method=st.sampled_from(["POST", "GET"]))
    def check(data: bytes, method: str) -> bool:
        request = examples.request(body=data, method=method)
        try:
            fields = body.fields(request)
        except (InvalidRequest, PayloadTooLarge):
            return False

        is_nothing = data.strip() in (b"", b"null")
        assert fields == ({} if is_nothing else json.loads(data))
        assert is_nothing or says_nothing_twice(data)
        assert json.dumps(fields, ensure_ascii=False).encode()
        assert isinstance(fields.get("mytoken"), str | None)
        return is_read(request)


def test_a_form_is_read_as_its_fields_or_refused(fuzz: Fuzz) -> None:
    @fuzz("form body", data=form_bodies)
    def check(data: bytes) -> bool:
        request = examples.request(body=data, headers={"content-type": FORM})
        try:
            fields = body.fields(request)
        except InvalidRequest:
            return False

        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict")
        assert list(fields.items()) == pairs
        return is_read(request)


def test_a_content_type_decides_for_one_parser_or_none(fuzz: Fuzz) -> None:
    codings = st.sampled_from([None, "identity", "gzip", "IDENTITY", "identity, identity", ""])

    @fuzz("Content-Type", media_type=media_types, coding=codings, data=json_bodies | form_bodies)
    def check(media_type: str, coding: str | None, data: bytes) -> bool:
        headers = {"content-type": media_type}
        if coding is not None:
            headers["content-encoding"] = coding
        request = examples.request(body=data, headers=headers)
        try:
            body.fields(request)
        except (InvalidRequest, PayloadTooLarge, UnsupportedMediaType):
            return False

        assert not data or coding in (None, "identity", "IDENTITY")  # nothing has no coding
        return True


def is_read(request: Any) -> bool:
    """Whether the fields of a body keep to their rules, as they then do indeed."""
    try:
        read = body.read(request, Everything)
    except InvalidRequest:
        return False
    assert "\r" not in read.comment
    assert names.calendar_name(read.name) == read.name
    assert names.comment(read.comment) == read.comment
    assert read.recursive in (True, False)
    assert read.mom_id == "" or len(base64.b64decode(read.mom_id, validate=True)) == 64
    return True


def test_strict_json_is_read_as_anybody_reads_it_or_refused(fuzz: Fuzz) -> None:
    @fuzz("strict JSON", data=spelled(values) | spelled(changed(FIELDS)))
    def check(data: bytes) -> bool:
        try:
            value = strict_json.loads(data)
        except ValueError:
            return False

        assert value == json.loads(data.decode())
        assert says_nothing_twice(data)
        assert strict_json.loads(json.dumps(value, ensure_ascii=False).encode()) == value
        return True


def says_nothing_twice(data: bytes) -> bool:
    objects: list[list[str]] = []
    json.loads(data, object_pairs_hook=lambda pairs: objects.append([name for name, _ in pairs]))
    return all(len(set(names_)) == len(names_) for names_ in objects)


# --- names --------------------------------------------------------------------------------------


def test_a_name_is_one_that_can_be_shown_and_found_or_none(fuzz: Fuzz) -> None:
    odd = ["\u0301", "\u0345", "\u1fb3", "\u200d", "..", "%2F", "ß", "İ", "ﬃ", "\U0001d160"]
    whatever = damaged_text(odd, "Café ☕ 日本 ci", "ᾳ\u0301")

    @fuzz("name", text=whatever | broken_texts | st.text(characters, max_size=140))
    def check(text: str) -> bool:
        assert names.folded(text) == names.folded(unicodedata.normalize("NFC", text))
        try:
            name = names.calendar_name(text)
        except ValueError:
            return False

        assert names.calendar_name(name) == name
        assert 1 <= len(name) <= limits.NAME
        assert names.folded(names.folded(name)) == names.folded(name)
        # Beyond ASCII, capitals are not always as many, nor in the same order as their marks.
        cases = [name.upper(), name.lower()] if name.isascii() else []
        for twin in (unicodedata.normalize("NFD", name), *cases):
            assert names.folded(twin) == names.folded(name)
        assert name.encode()
        return True


# --- tokens -------------------------------------------------------------------------------------

CLAUSE = {  # holds NOW, from the first address in the country
    "nbf": NOW - 60,
    "exp": NOW + 60,
    "usages_other": 3,
    "geoip_allow": ["de"],
    "hosts": ["192.0.2.0/24", "*.example.org"],
    "schedule": {
        "timezone": "Europe/Berlin",
        "days": [4],
        "days_of_month": [14, -1],
        "from": "22:00",
        "to": "12:00",
        "every": 2,
        "anchor": "2026-12-03",
    },
}
ROTATION = {"on_other": True, "lifetime": 3600, "auto_revoke": True}
CLAIMS = examples.claims(restrictions=[CLAUSE, {"exp": NOW - 1}], rotation=ROTATION)

NUMBERS = dict.fromkeys(
    ["exp", "nbf", "iat", "auth_time", "seq_no", "lifetime", "usages_other"], odd_numbers | times
)
TOKEN_WORDS = (".", "=", "-", "_", "A", "é", " ", "eyJ", "..", "\n")


def bearers(issued: str, parts: list[str]) -> st.SearchStrategy[str]:
    return damaged_text([*parts, *TOKEN_WORDS], issued) | respelled(issued) | broken_texts


def test_of_all_that_looks_like_an_issued_token_only_that_is_taken(fuzz: Fuzz) -> None:
    codec = JwtCodec(LocalKey())
    issued = codec.encode(CLAIMS)
    parts = [*issued.split("."), *codec.encode(examples.claims()).split(".")]

    @fuzz("token text", bearer=bearers(issued, parts))
    def check(bearer: str) -> bool:
        try:
            mytoken = codec.decode(bearer)
        except InvalidToken:
            return False

        assert bearer == issued
        assert mytoken.claims == CLAIMS
        return True


def test_whatever_claims_the_key_has_signed_they_are_a_mytoken_or_none(fuzz: Fuzz) -> None:
    codec = JwtCodec(LocalKey())

    @fuzz("signed claims", claims=changed(CLAIMS, NUMBERS, most=4))
    def check(claims: Any) -> bool:
        try:
            bearer = codec.encode(claims)
            mytoken = codec.decode(bearer)
        except InvalidToken:
            return False

        assert mytoken.claims == claims
        assert mytoken.iss == mytoken.aud
        assert_can_be_used(mytoken)
        return True


def test_of_what_another_issuer_seems_to_have_signed_only_that_is_taken(fuzz: Fuzz) -> None:
    ledger = Ledger(url=ISSUER, algorithm="ES256")  # its signatures have bits to spare
    server = Scripted(ISSUER)
    server.publish(ledger.key, token_signing_alg_value="ES256")
    codec = RemoteCodec(Issuer(ISSUER, server))
    issued = ledger.sign(CLAIMS)
    others = [part for claims in ({}, examples.claims()) for part in ledger.sign(claims).split(".")]
    headers = changed({"alg": "ES256", "typ": "MT+JWT", "kid": "k"})
    forged = st.tuples(headers, changed(CLAIMS)).map(
        lambda parts: ".".join([*map(base64url_of, parts), issued.rpartition(".")[2]])
    )

    @fuzz("remote token text", bearer=bearers(issued, others) | forged)
    def check(bearer: str) -> bool:
        try:
            mytoken = codec.decode(bearer)
        except InvalidToken:
            return False

        assert bearer == issued
        assert mytoken.claims == CLAIMS
        return True


def base64url_of(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def test_claims_are_a_mytoken_that_can_be_used_or_none(fuzz: Fuzz) -> None:
    @fuzz("claims", claims=changed(CLAIMS, NUMBERS, most=5), now=times)
    def check(claims: Any, now: int) -> bool:
        try:
            mytoken = Mytoken.of(claims)
        except ValueError:
            return False

        assert_can_be_used(mytoken, now)
        return True


def test_a_clause_is_kept_to_or_never_holds(fuzz: Fuzz) -> None:
    inputs = {
        "clause": changed(CLAUSE, NUMBERS),
        "now": st.just(NOW) | times,
        "address": st.just("192.0.2.7") | st.sampled_from(["2001:db8::1", "::ffff:192.0.2.7", "x"]),
        "country": st.just("DE") | st.sampled_from(["de", "", None]),
    }

    @fuzz("clause", **inputs)
    def check(clause: Any, now: int, address: str, country: str | None) -> bool:
        try:
            mytoken = Mytoken.of(examples.claims(restrictions=[clause]))
        except ValueError:
            return False
        network = FakeNetwork({address: country} if country else {})
        found = Circumstances(now, address, network, mytoken.created, {})

        let_in = restrictions.first_that_holds(mytoken.restrictions, found)

        assert_can_be_used(mytoken, now)
        if let_in is None:
            return False
        assert {name for name, value in clause.items() if value is not None} <= KNOWN
        begins = (clause.get("nbf") or 0) - limits.CLOCK_LEEWAY
        assert begins <= now <= (clause.get("exp") or limits.LATEST_TIME)
        assert clause.get("usages_other") is None or clause["usages_other"] > 0
        return True


KNOWN = {*CLAUSE, "scope", "audience", "usages_AT", "geoip_disallow"}


def assert_can_be_used(mytoken: Mytoken, now: int = NOW) -> None:
    """What any operation asks of a token that was taken raises nothing."""
    with suppress(InvalidToken):
        mytoken.check_valid_at(now)
    successor = mytoken.successor_claims(now, mytoken.expires)
    assert successor["seq_no"] == mytoken.seq_no + 1
    assert {type(mytoken.claims[name]) for name in ("nbf", "iat", "seq_no")} == {int}
    assert json.dumps(mytoken.response("x", now))
    assert len({clause.digest for clause in mytoken.restrictions}) <= len(mytoken.restrictions)
    assert mytoken.owner
    assert mytoken.mom_id


def test_a_schedule_is_understood_or_refused(fuzz: Fuzz) -> None:
    zones = ["Pacific/Kiritimati", "Etc/GMT+12", "../UTC", "Etc", "", "x" * 300, "a\x00b", "utc"]
    clocks = st.sampled_from(["00:00", "23:59", "24:00", "7:00", "07:00\n", "٠٧:٠٠"])
    dates = ["9999-12-31", "0001-01-01", "2026-02-29", "2026-1-1", "0000-01-01"]
    apt = {
        "timezone": st.sampled_from(zones),
        "from": clocks,
        "to": clocks,
        "anchor": st.sampled_from(dates),
        "every": st.integers(-1, 2**70),
    }

    @fuzz("schedule", schedule=changed(CLAUSE["schedule"], apt), now=times, created=times)
    def check(schedule: Any, now: int, created: int) -> bool:
        try:
            understood = Schedule.model_validate(schedule)
        except ValidationError:
            return False

        assert understood.holds(now, created) in (True, False)
        return True


def test_a_host_is_in_what_is_allowed_or_not(fuzz: Fuzz) -> None:
    entries = damaged_text(
        ["/", ".", "*", "0", "32", "::", "/255.255.255.0", "/128", "256", " ", "%eth0", "[", "ß"],
        *("192.0.2.0/24", "2001:db8::/32", "::ffff:192.0.2.0/120", "0.0.0.0/0", "*.example.org"),
    )
    addresses = damaged_text(["::ffff:", "%1", "0"], "192.0.2.7") | st.ip_addresses().map(str)

    @fuzz("host", allowed=st.lists(entries, max_size=3), address=addresses)
    def check(allowed: list[str], address: str) -> bool:
        is_in = hosts.include(allowed, Circumstances(NOW, address, FakeNetwork(), NOW, {}))

        assert not is_in or any(covers(entry, address) for entry in allowed)
        return is_in


def covers(entry: str, address: str) -> bool:
    try:
        client, network = ip_address(address), ip_network(entry, strict=False)
    except ValueError:
        return False
    inside = {client, getattr(client, "ipv4_mapped", None)}
    if network.version == 6 and getattr(network.network_address, "ipv4_mapped", None):
        inside |= {ip_address(f"::ffff:{one}") for one in inside if one and one.version == 4}
    return any(one in network for one in inside if one)


# --- issuers ------------------------------------------------------------------------------------


def test_an_issuers_documents_are_taken_as_a_whole_or_not_at_all(fuzz: Fuzz) -> None:
    server = Scripted(ISSUER)
    server.publish(ECKey.generate_key("P-521"))
    address, jwks = f"{ISSUER}{CONFIGURATION}", f"{ISSUER}{JWKS}"
    configuration, keys = server.documents[address], server.documents[jwks]
    elsewhere = ["https://evil.example", f"{ISSUER}@evil.example", "http://x", f"{ISSUER}:8443/"]
    urls = st.sampled_from([f"{ISSUER}/x", *elsewhere])
    apt = {"jwks_uri": urls, "tokeninfo_endpoint": urls, "issuer": urls}

    @fuzz(
        "issuer's documents",
        configuration=spelled(changed(configuration, apt)),
        keys=spelled(changed(keys)),
    )
    def check(configuration: bytes, keys: bytes) -> bool:
        server.documents.update({address: configuration, jwks: keys})
        server.asked.clear()
        try:
            known = Issuer(ISSUER, server).configuration()
        except TemporarilyUnavailable:
            return False
        finally:
            assert all(server.reaches(url) for url in server.asked)

        assert server.reaches(known.tokeninfo_endpoint)
        assert known.algorithm in key_set.ALGORITHMS
        assert known.keys
        return True


def test_a_key_set_is_taken_as_a_whole_or_not_at_all(fuzz: Fuzz) -> None:
    public = [
        {**key.as_dict(private=False), "alg": algorithm, "use": "sig", "key_ops": ["verify"]}
        for algorithm, key in [
            ("ES512", ECKey.generate_key("P-521")),
            ("ES256", ECKey.generate_key("P-256")),
            ("RS256", RSAKey.generate_key(2048)),
        ]
    ]
    numbers = st.sampled_from(
        [key["x"] for key in public[:2]] + [public[2]["n"], "AQAB", "AA", "-", "_"]
    )
    kinds = st.sampled_from(["P-521", "P-256", "oct", "RSA", "EC", "none", *key_set.ALGORITHMS])
    apt = dict.fromkeys(["x", "y", "n", "e"], numbers) | dict.fromkeys(["kty", "crv", "alg"], kinds)
    algorithms: Any = st.sampled_from(sorted(key_set.ALGORITHMS))
    sets = st.sampled_from([public, *([key] for key in public)])
    documents = sets.flatmap(lambda keys: changed({"keys": keys}, apt, most=2))

    @fuzz("key set", quickly=300, keys=documents, algorithm=algorithms)
    def check(keys: Any, algorithm: key_set.Algorithm) -> bool:
        try:
            taken = key_set.keys_of(keys, algorithm)
        except ValueError:
            return False

        assert 0 < len(taken) <= len(keys["keys"])
        assert all(key.public.key_size >= 256 for key in taken)
        return True


def test_an_issuers_word_on_a_token_is_read_or_not_taken(fuzz: Fuzz) -> None:
    introspected = {
        "valid": True,
        "token_type": "token",
        "token": {**CLAIMS, "restrictions": [{**CLAUSE, "usages_other_done": 1}]},
        "mom_id": examples.MOM_ID,
    }
    apt = {**NUMBERS, "mom_id": MOM_IDS, "usages_other_done": odd_numbers}

    @fuzz("introspection", answer=spelled(changed(introspected, apt)))
    def check(answer: bytes) -> bool:
        try:
            found = tokeninfo_answers.introspection(tokeninfo_answers.document(answer), ISSUER)
        except (InvalidToken, TemporarilyUnavailable):
            return False

        assert found.mytoken.mom_id == json.loads(answer)["mom_id"]
        assert len(found.usages_other_done) == len(found.mytoken.restrictions)
        return True


def test_an_issuers_list_of_tokens_holds_only_what_makes_sense(fuzz: Fuzz) -> None:
    child = {"token": {"mom_id": examples.OTHER_MOM_ID, "created": NOW}}
    entry = {"mom_id": examples.MOM_ID, "name": "ci", "created": NOW, "expires_at": NOW}
    listed = {"mytokens": [{"token": entry, "children": [child]}]}
    apt = {"mom_id": MOM_IDS, "created": odd_numbers, "expires_at": odd_numbers}

    @fuzz("list of tokens", answer=spelled(changed(listed, apt)))
    def check(answer: bytes) -> bool:
        try:
            found = tokeninfo_answers.listed_tokens(tokeninfo_answers.document(answer))
        except TemporarilyUnavailable:
            return False

        tokens = found.records.values()
        assert all(len(base64.b64decode(mom_id, validate=True)) == 64 for mom_id in found.alive)
        assert all(0 <= token.created <= limits.LATEST_TIME for token in tokens)
        return len(tokens) == 2


MOM_IDS = st.sampled_from([examples.OTHER_MOM_ID, examples.MOM_ID, examples.MOM_ID[:-1], ""])


# --- feeds --------------------------------------------------------------------------------------


def test_whatever_a_feed_tells_its_lines_keep_the_rules(fuzz: Fuzz) -> None:
    valid_names = texts.filter(lambda text: is_taken(names.calendar_name, text))
    taken = st.text(characters, max_size=300).filter(lambda text: is_taken(names.comment, text))

    @fuzz(
        "ICS text",
        calendar=valid_names | st.just("CI"),
        token=texts,
        style=st.builds(
            Style,
            st.sampled_from(Reminders),
            st.lists(st.integers(0, 365), max_size=6).map(tuple),
            st.sampled_from(Detail),
            st.integers(0, 1000),
            times,
        ),
        comment=taken.map(names.comment),
        moments=st.lists(times, min_size=4, max_size=4),
    )
    def check(calendar: str, token: str, style: Style, comment: str, moments: list[int]) -> bool:
        created, added, changed, expires = moments
        known = examples.subscription(
            name=token,
            created=created,
            expires=expires,
            comment=comment,
            added=added * 1000,
            changed=changed,
        )

        feed = "".join(Writer(examples.CALENDAR_ID, calendar, 0, style).text([known]))

        assert raw_lines.faults(feed.encode()) == []
        assert feed.count("BEGIN:VEVENT") <= 1 + len(style.days) or not style.days
        return True


def is_taken(rule: Callable[[str], str], text: str) -> bool:
    try:
        rule(text)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def visited(stack: Stack) -> Iterator[tuple[Stack, Token, Document]]:
    """A user with a calendar of one token; and all is in order at the end."""
    token = stack.mint("manage_mytokens", "tokeninfo")
    calendar = create(stack, token)
    add(stack, token, calendar, "", comment="the nightly build")
    yield stack, token, calendar
    assert violations(stack.dump()) == []


def test_a_client_is_told_that_it_has_the_feed_only_if_it_says_so(
    fuzz: Fuzz, visited: tuple[Stack, Token, Document]
) -> None:
    stack, _, calendar = visited
    known = stack.feed(calendar, headers={"accept-encoding": "gzip"})
    etag, date = known.headers["etag"], "Fri, 15 Jan 2027 08:00:00 GMT"
    tags = [etag, "W/", '"', ",", "*", " ", "-gzip"]
    times = [*"0123456789+-:, ", "GMT", "99999", "Feb", "-0000"]
    weights = [";q=", "0", "nan", "inf", "1e9", "-", "*", ",", "identity", "_"]
    conditions = {
        "if-none-match": damaged_text(tags, f'"x", {etag}'),
        "if-modified-since": damaged_text(times, date, "Fri, 31 Dec 9999 23:59:59 -2359"),
        "accept-encoding": damaged_text(weights, "gzip;q=0.5, br, *;q=0"),
    }

    @fuzz(
        "conditional headers",
        quickly=80,
        deeply=1500,
        method=st.sampled_from(["GET", "HEAD"]),
        headers=st.fixed_dictionaries({}, optional=conditions),
    )
    def check(method: str, headers: dict[str, str]) -> bool:
        answer = stack.feed(calendar, method=method, headers=headers)

        assert list(openapi.faults(answer)) == []
        assert answer.status in (200, 304)
        if answer.status == 304:
            wanted = headers["if-none-match"]
            assert wanted.strip() == "*" or etag[1:33] in wanted
            return True
        if "content-encoding" in answer.headers:
            assert any(word in headers["accept-encoding"].lower() for word in ("gzip", "*"))
        assert method == "HEAD" or answer.text == known.text
        return False


# --- requests -----------------------------------------------------------------------------------

OPERATIONS = sorted(Template.read().functions)
ODD_HEADERS = {
    "content-type": media_types,
    "content-encoding": st.sampled_from(["identity", "gzip", ""]),
    "idempotency-key": damaged_text(["x" * 255, " ", "é", "~"], "6f0d4c1b-9a57-4f7d"),
    "authorization": damaged_text(["Bearer", "Basic ", ",", "\t", " ", "é", "x" * 64], "Bearer x"),
    "origin": st.sampled_from(["null", "https://evil.example", "", PUBLIC_URL]),
    "sec-fetch-site": st.sampled_from(["cross-site", "same-origin", "none", "x"]),
    "x-forwarded-for": damaged_text([",", "x"], "192.0.2.1, 10.0.0.1"),
}
COOKIES = damaged_text(["mytoken", "=", ";", '"', " ", "é"], "mytoken=x")
PATH_NAMES = damaged_text(["\ufffd", "%", ".", "#", "\x00", "é", "e\u0301"], "CI Mytokens")


@st.composite
def events(draw: st.DrawFn, operation: str) -> dict[str, Any]:
    """What API Gateway may make of a request to this operation."""
    event = sample_event(operation)
    event["headers"] |= draw(st.fixed_dictionaries({}, optional=ODD_HEADERS))
    event["cookies"] = draw(st.lists(COOKIES, max_size=2))
    event["requestContext"]["http"]["sourceIp"] = str(draw(st.ip_addresses()))
    event["requestContext"]["timeEpoch"] = int(time.time() * 1000) + draw(st.integers(-9, 9))
    event["rawQueryString"] = draw(damaged_text(["&", "=", "%ff"], "mytoken=x&a=b"))
    set_body(event, draw(json_bodies | form_bodies | st.just(b"")), None)
    if draw(st.booleans()):  # as text, which it may be
        text = base64.b64decode(event["body"]).decode("utf-8", "surrogateescape")
        event["body"], event["isBase64Encoded"] = text or None, False
    if "calendar" in event.get("pathParameters", {}):
        name = draw(PATH_NAMES.map(lambda text: text.partition("?")[0].replace("/", "")))
        event["pathParameters"]["calendar"] = name or "x"
    if "secret" in event.get("pathParameters", {}):
        odd = damaged_text([".ics", "%", "\ufffd"], "x" * 32)
        event["pathParameters"] |= {"secret": draw(odd) or "x", "file": draw(odd)}
    if operation == "no_route":
        event["rawPath"] = draw(damaged_text(["/", "//", "..", "\n", "{name}"], f"{CALENDARS}/x"))
        methods = ["GET", "POST", "TRACE", "HEAD", "x", "OPTIONS"]
        event["requestContext"]["http"]["method"] = draw(st.sampled_from(methods))
    return event


def test_no_event_is_a_fault_and_every_answer_is_a_documented_one(
    fuzz: Fuzz, visited: tuple[Stack, Token, Document]
) -> None:
    stack, token, _ = visited
    asked = st.sampled_from(OPERATIONS).flatmap(
        lambda operation: st.tuples(st.just(operation), events(operation))
    )

    @fuzz("event", quickly=250, deeply=5000, asked=asked, presents=st.booleans())
    def check(asked: tuple[str, dict[str, Any]], *, presents: bool) -> bool:
        operation, event = asked
        if presents:
            revokes = operation == "revoke_token"
            set_token(event, stack.mint("manage_mytokens") if revokes else token)

        answer = stack.send(operation, event)

        assert answer.status < 500
        assert list(openapi.faults(answer)) == []
        return answer.status < 400


def test_no_target_and_no_header_of_a_request_is_a_fault(fuzz: Fuzz, served: ServedStack) -> None:
    token = served.mint()
    create(served, token)
    words = [
        b"%",
        b"%2F",
        b"%2e",
        b"%00",
        b"%FF",
        b"%zz",
        b"/",
        b"//",
        b"..",
        b"?",
        b"#",
        b"{",
        b"+",
    ]
    valid = st.sampled_from(
        [f"{CALENDARS}/CI%20Mytokens", CALENDARS, "/api/v0/tokeninfo", f"/calendars/{'x' * 32}.ics"]
    )
    targets = damaged(valid.map(str.encode), words).map(
        lambda data: "".join(chr(b) if 32 < b < 127 else f"%{b:02X}" for b in data)
    )

    @fuzz(
        "request target",
        deeply=1500,
        target=targets,
        method=st.sampled_from(["GET", "DELETE", "PUT", "HEAD", "OPTIONS", "POST"]),
        headers=st.fixed_dictionaries({}, optional=ODD_HEADERS | {"cookie": COOKIES}),
    )
    def check(target: str, method: str, headers: dict[str, str]) -> bool:
        lines = [("authorization", f"Bearer {token.bearer}"), *headers.items()]
        printable = [(name, "".join(c for c in v if c.isprintable())) for name, v in lines]

        answer = served.ask(method, f"/{target.lstrip('/')}", printable)

        assert answer.status < 500
        assert answer.status < 400 or method == "HEAD" or answer.json["error"]
        return answer.status < 400

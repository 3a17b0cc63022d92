"""Request bodies: JSON and forms, how large and of which type, and what is wrong with a field."""

import base64
import json
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel

from mytoken_calendars import identifiers, strict_json
from mytoken_calendars.calendars import names
from mytoken_calendars.errors import InvalidRequest, PayloadTooLarge, Refusal, UnsupportedMediaType
from mytoken_calendars.http import body
from mytoken_calendars.http.request import Request
from tests.harness import examples
from tests.harness.stacks import sample_event

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Fields(BaseModel):
    """A field of each kind that operations have: needed, checked, and with a default."""

    name: Annotated[str, AfterValidator(names.calendar_name)]
    mom_id: Annotated[str, AfterValidator(identifiers.mom_id)] = ""
    comment: Annotated[str, AfterValidator(names.comment)] = ""


def post(data: bytes, media_type: str | None = JSON, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    types = {} if media_type is None else {"content-type": media_type}
    return examples.request(body=data, headers={**types, **named})


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        JSON,
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf8",
        "application/json; charset=US-ASCII",
        "application/json ; version=1",
    ],
)
def test_json_is_read_by_its_type_and_where_there_is_no_type(media_type: str | None) -> None:
    request = post('{"name": "é", "list": [1]}'.encode(), media_type)

    assert body.fields(request) == {"name": "é", "list": [1]}


@pytest.mark.parametrize(
    "media_type", [FORM, "Application/X-WWW-Form-Urlencoded", f"{FORM}; charset=UTF-8"]
)
def test_a_form_is_read_by_its_type(media_type: str) -> None:
    request = post(b"name=a+b%2Bc%20%C3%A9&comment=&mom_id=x%3D%3D", media_type)

    assert body.fields(request) == {"name": "a b+c é", "comment": "", "mom_id": "x=="}


@given(st.dictionaries(st.text(), st.text(), max_size=5, min_size=1))
def test_every_form_that_can_be_sent_can_be_read(form: dict[str, str]) -> None:
    assert body.fields(post(urlencode(form).encode(), FORM)) == form


@given(
    st.dictionaries(
        st.text().filter(lambda name: name != "mytoken"),
        st.text() | st.integers() | st.none(),
        max_size=5,
    )
)
def test_every_object_that_can_be_sent_can_be_read(document: dict[str, Any]) -> None:
    assert body.fields(post(json.dumps(document).encode())) == document


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json+x",
        "application/vnd.api+json",
        "text/json",
        "json",
        "",
        "*/*",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        f"{FORM}; charset=iso-8859-1",
        "application/json, text/plain",
        "application/json; charset*=utf-8''utf-8; charset*0=x",
        "application/json; charset*" + "1" * 4301 + "=x",
        "application/json;charset*0*=\0''",
    ],
    ids=lambda media_type: media_type[:60],
)
def test_a_body_of_another_type_or_charset_is_refused(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        body.fields(post(b'{"name": "a"}', media_type))


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", ""])
def test_a_body_in_a_content_coding_is_refused(coding: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        body.fields(post(b'{"name": "a"}', content_encoding=coding))


def test_a_body_in_the_coding_that_is_none_is_read() -> None:
    assert body.fields(post(b'{"name": "a"}', content_encoding="Identity")) == {"name": "a"}


@pytest.mark.parametrize("media_type", [JSON, FORM])
def test_a_body_of_64_kib_is_read(media_type: str) -> None:
    start, end = (b'{"a":"', b'"}') if media_type == JSON else (b"a=", b"")
    data = start + b"x" * (64 * 1024 - len(start + end)) + end

    assert body.fields(post(data, media_type))["a"].strip("x") == ""


@pytest.mark.parametrize("media_type", [JSON, FORM, "text/plain"])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_a_body_of_a_byte_more_is_refused_whatever_it_is(method: str, media_type: str) -> None:
    request = examples.request(
        method=method, body=b" " * (64 * 1024 + 1), headers={"content-type": media_type}
    )

    with pytest.raises(PayloadTooLarge):
        body.fields(request)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("data", [b"", b"null", b" null\n", b"{}"])
def test_requests_that_need_no_body_may_have_an_empty_one(method: str, data: bytes) -> None:
    assert body.fields(examples.request(method=method, body=data)) == {}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_empty_body_may_be_of_any_type(method: str) -> None:
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}

    assert body.fields(examples.request(method=method, headers=headers)) == {}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_of_a_request_that_needs_none_is_read(method: str) -> None:
    request = examples.request(method=method, body=b'{"mytoken": "x"}')

    assert body.fields(request) == {"mytoken": "x"}


@pytest.mark.parametrize("media_type", [JSON, FORM])
def test_an_empty_body_has_no_fields(media_type: str) -> None:
    assert body.fields(post(b"", media_type)) == {}


@pytest.mark.parametrize("data", [b"[]", b'"x"', b"1", b"true", b'[["a", 1]]'])
def test_a_body_that_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^The body is not a JSON object\.$"):
        body.fields(post(data))


NO_JSON = {
    b"{": "is not JSON",
    b"{} {}": "is not JSON",
    b"name=a": "is not JSON",
    b'{"name": "a", "name": "b"}': "has a name twice in one object",
    b'{"name": "a", "x": {"y": 1, "y": 1}}': "has a name twice in one object",
    b'{"name": NaN}': "has a number that JSON does not have: NaN or Infinity",
    b'{"name": 1e999}': "has a number beyond 1.8e308",
    b'{"name": ' + b"9" * 5_000 + b"}": "has a number of thousands of digits",
    b'{"name": ' + b"[" * 2_000 + b"]" * 2_000 + b"}": "is nested deeper than 500 levels",
    b'{"name": ' + b"[" * 50_000: "is nested deeper than 500 levels",
    b'{"name": "\xff"}': "is not in UTF-8",
    b'{"name": "\xed\xa0\x80"}': "is not in UTF-8",
    '{"name": "a"}'.encode("utf-16"): "is not in UTF-8",
    '\ufeff{"name": "a"}'.encode(): "begins with a byte order mark",
    '\uff5b"name": "a"}'.encode(): "is not JSON",
    b'{"name": "\\ud800"}': "has half of a surrogate pair, which is no character",
}


@pytest.mark.found("A35")
@pytest.mark.parametrize(("data", "reason"), NO_JSON.items(), ids=lambda value: repr(value[:30]))
def test_a_body_that_is_not_strictly_json_is_refused_for_its_reason(
    data: bytes, reason: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        body.fields(post(data))

    assert refused.value.description == f"The body {reason}."


NOT_ENCODED = (
    "The body is not a form: characters other than ASCII are percent-encoded in it. "
    "curl does that with --data-urlencode."
)
NO_EQUALS_SIGN = "A field of the form has no equals sign."
NO_FORM = {
    b"name": NO_EQUALS_SIGN,
    b"name=a&": NO_EQUALS_SIGN,
    b"&name=a": NO_EQUALS_SIGN,
    b"name=a&&comment=b": NO_EQUALS_SIGN,
    b" ": NO_EQUALS_SIGN,
    b"name=%ff": "The form is not in UTF-8.",
    b"name=%ed%a0%80": "The form is not in UTF-8.",
    b"%ff=a": "The form is not in UTF-8.",
    "name=Prüfung".encode(): NOT_ENCODED,
    b"name=\xff": NOT_ENCODED,
    b"name=50%": "The body is not a form: a percent sign in it is written %25.",
    b'{"name": "a"}': "The body is JSON, and its Content-Type says that it is a form.",
    b' {"name": "a="}': "The body is JSON, and its Content-Type says that it is a form.",
    b"&".join(b"f%d=" % number for number in range(17)): "A form has at most 16 fields.",
    b"name=a&name=b": "A field occurs twice in the form.",
}


@pytest.mark.found("A24")
@pytest.mark.parametrize(("data", "reason"), NO_FORM.items(), ids=lambda value: repr(value[:30]))
def test_a_body_that_is_not_strictly_a_form_is_refused_for_its_reason(
    data: bytes, reason: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        body.fields(post(data, FORM))

    assert refused.value.description == reason


class WithMomId(body.Fields):
    mom_id: body.MomIdOrOwn


@pytest.mark.found("A35")
@pytest.mark.parametrize(
    ("data", "media_type", "reason"),
    [
        (b'{"mom_id": "a b"}', JSON, "mom_id: a mom_id has no spaces"),
        (b"mom_id=a+b", FORM, "mom_id: a mom_id has no spaces: a plus sign in a form is %2B"),
    ],
)
def test_advice_about_forms_is_for_forms(data: bytes, media_type: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        body.read(post(data, media_type), WithMomId)

    assert refused.value.description == reason.replace("is %2B", "is written %2B")


def test_a_form_of_16_fields_is_read() -> None:
    data = b"&".join(b"f%d=" % number for number in range(16))

    assert len(body.fields(post(data, FORM))) == 16


@pytest.mark.parametrize("data", [b"name=a&name=b", b"name=a&name=a", b"name=a&%6eame=b"])
def test_a_field_that_occurs_twice_in_a_form_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="occurs twice"):
        body.fields(post(data, FORM))


@given(
    data=st.binary(max_size=20) | st.text('{}[]":,a=&%+', max_size=20).map(str.encode),
    media_type=st.sampled_from([None, JSON, FORM]) | st.text(max_size=20),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
)
def test_no_body_of_any_type_is_a_fault(data: bytes, media_type: str | None, method: str) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    request = examples.request(method=method, body=data, headers=headers)

    try:
        fields = body.fields(request)
    except Refusal:
        return

    assert isinstance(fields, dict)


def test_a_body_becomes_the_model_of_its_operation() -> None:
    read = body.read(post(b'{"name": "Cafe\\u0301", "mytoken": "x", "unknown": {}}'), Fields)

    assert read == Fields(name="Café", comment="")


@pytest.mark.parametrize(
    ("document", "description"),
    [
        ({}, "name: Field required"),
        ({"name": None}, "name: Input should be a valid string"),
        ({"name": 123}, "name: Input should be a valid string"),
        ({"name": True}, "name: Input should be a valid string"),
        ({"name": []}, "name: Input should be a valid string"),
        ({"name": {"name": "a"}}, "name: Input should be a valid string"),
        ({"name": ""}, "name: a calendar's name has 1 to 128 characters"),
        ({"name": "a/b"}, "name: a calendar's name has none of / \\ ? # %"),
        ({"name": "a", "mom_id": "a b"}, "mom_id: a mom_id has no spaces"),
        ({"name": "a", "comment": "\x0b"}, "comment: a comment has no control characters"),
        ({"name": "", "comment": "\x0b"}, "name: a calendar's name has 1 to 128 characters"),
    ],
)
def test_the_first_field_that_is_wrong_is_named_with_the_rule(
    document: dict[str, Any], description: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        body.read(post(json.dumps(document).encode()), Fields)

    assert refused.value.description.startswith(description)


@pytest.mark.parametrize("name", ["SECRET/", "SECRET\x00", "SECRET" * 100, " SECRET", ["SECRET"]])
def test_what_was_sent_is_never_repeated(name: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        body.read(post(json.dumps({"name": name, "SECRET": name}).encode()), Fields)

    assert "SECRET" not in refused.value.description


def test_a_surrogate_in_a_field_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="half of a surrogate pair"):
        body.read(post(b'{"name": "\\ud800"}'), Fields)


@pytest.mark.parametrize("media_type", [JSON, None])
@pytest.mark.parametrize(
    "mytoken", [1, -0.5, True, ["b"], {"mytoken": "b"}, 0, 0.0, False, [], {}], ids=repr
)
def test_a_token_that_is_no_string_is_refused_whatever_the_operation_wants(
    mytoken: object, media_type: str | None
) -> None:
    request = post(json.dumps({"name": "a", "mytoken": mytoken}).encode(), media_type)

    with pytest.raises(InvalidRequest, match=r"^mytoken: is not a string$"):
        body.fields(request)
    with pytest.raises(InvalidRequest, match=r"^mytoken: is not a string$"):
        body.read(request, Fields)
    with pytest.raises(InvalidRequest, match=r"^mytoken: is not a string$"):
        body.read(request, body.Nothing)


@pytest.mark.parametrize("mytoken", ["", "x", None])
def test_a_token_that_is_a_string_or_null_is_read(mytoken: str | None) -> None:
    request = post(json.dumps({"mytoken": mytoken}).encode())

    assert body.fields(request) == {"mytoken": mytoken}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("data", [b"", b"null", b"{}", b'{"name": 1, "mytoken": "x"}'])
def test_an_operation_that_wants_nothing_takes_every_body_that_can_be_read(
    method: str, data: bytes
) -> None:
    request = examples.request(method=method, body=data)

    assert body.read(request, body.Nothing) == body.Nothing()


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"a": 1, "a": 1}', b"\xff"])
def test_an_operation_that_wants_nothing_refuses_a_body_that_cannot_be_read(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^The body (is not|has a name twice) "):
        body.read(examples.request(method="DELETE", body=data), body.Nothing)


@pytest.mark.parametrize(
    "media_type",
    [
        f"application/json;a={'x' * 255}",
        f"application/json{';' * 10_000}",
        'application/json;a="' + '\\"' * 5_000,
        "a/" * 5_000,
    ],
    ids=lambda media_type: media_type[:20],
)
def test_a_long_media_type_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch, media_type: str
) -> None:
    def parse() -> None:
        raise AssertionError("it was to be parsed")

    monkeypatch.setattr("mytoken_calendars.http.body.Message", parse)

    with pytest.raises(UnsupportedMediaType):
        body.fields(post(b'{"name": "a"}', media_type))


@pytest.mark.parametrize("data", [b"name=100%", b"name=%", b"name=%4", b"name=%zz", b"%" * 65_536])
def test_a_percent_sign_in_a_form_is_to_be_escaped(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="is written %25"):
        body.fields(post(data, FORM))


@pytest.mark.parametrize("name", ["Name", "NAME", "Mytoken", "myto\u212aen"])
def test_a_field_in_capitals_is_not_passed_over(name: str) -> None:
    document = {"name": "a", name: "b"}

    with pytest.raises(InvalidRequest, match="small letters"):
        body.read(post(json.dumps(document).encode()), Fields)


@pytest.mark.parametrize("data", [b'{"name": "a"}', b"no JSON"])
def test_a_body_is_read_once_for_each_request(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    read, loads = [], strict_json.loads

    def count(data: bytes) -> Any:
        read.append(data)
        return loads(data)

    monkeypatch.setattr(strict_json, "loads", count)
    request = post(data)

    for _ in range(3):
        with suppress(InvalidRequest):
            body.fields(request)

    assert read == [data]


@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 6_000_000])
def test_of_a_body_only_as_much_is_decoded_as_shows_that_it_is_too_large(
    size: int, *, encoded: bool
) -> None:
    data = b"a" * size
    event = sample_event("create_calendar")
    event["body"] = base64.b64encode(data).decode() if encoded else data.decode()
    event["isBase64Encoded"] = encoded

    decoded = Request.from_event(event).body

    assert decoded == data[: len(decoded)]
    assert len(decoded) == size if size <= 65_536 else 65_536 < len(decoded) < 65_540

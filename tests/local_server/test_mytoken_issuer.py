"""The local server with the mytokens of a mytoken server: MYTOKEN_ISSUER=https://... make run."""

from pathlib import Path
from subprocess import CalledProcessError

import pytest

from tests.doubles import mytoken_server
from tests.harness.server import Client, Server


def test_the_server_that_is_named_vouches_for_the_mytokens_until_it_is_named_no_more(
    tmp_path: Path,
) -> None:
    with mytoken_server.running(tmp_path) as issuer:
        trusted = {"MYTOKEN_ISSUER": issuer.url, "SSL_CERT_FILE": str(issuer.trusted)}
        remote = Server.started(tmp_path / "state", **trusted)
        client = Client(remote.calendars, issuer.mint().bearer)
        created = client("POST", json={"name": "CI Mytokens"})
        added = client("POST", "/CI%20Mytokens", json={"mom_id": ""})
        with pytest.raises(CalledProcessError) as not_issued:
            remote.token("--user", "alice")
        remote.stop()
    embedded = Server.started(tmp_path / "state", MYTOKEN_ISSUER="")
    demo = embedded.demo_feed if embedded.url else ""
    refused = Client(embedded.calendars, client.mytoken)("GET")
    embedded.stop()

    assert issuer.url in "\n".join(remote.printed)
    assert issuer.url in not_issued.value.stderr
    assert not_issued.value.stderr.count("\n") == 1
    assert (created.status_code, added.status_code) == (201, 200)
    assert len(added.json()["subscribed_tokens"]) == 1
    assert demo.startswith(embedded.url)
    assert refused.status_code == 401


@pytest.mark.parametrize("issuer", ["http://mytoken.example"])
def test_an_issuer_that_is_none_ends_it_with_one_line(tmp_path: Path, issuer: str) -> None:
    server = Server.started(tmp_path, MYTOKEN_ISSUER=issuer)
    status = server.ended()

    (line,) = server.printed
    assert status == 1
    assert line.startswith("make run: ")
    assert "MytokenIssuer" in line

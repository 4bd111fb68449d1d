"""Allowed requests: GET to the API and POST to the token address, no other host, with certificates always verified."""

from __future__ import annotations

import ast
import ipaddress
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import source_hotmart
from hotmart_simulator import Fault, World
from hotmart_simulator.server.login import TOKEN_PATH
from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import HotmartError
from source_hotmart.config.form import Config
from source_hotmart.config.hosts import API_URLS, AUTH_URL
from source_hotmart.streams.api import Api
from source_hotmart.streams.products import Products
from tools.harness import Connector, catalog, small_world

PACKAGE = Path(source_hotmart.__file__).parent
PRODUCTS = "products/api/v1/products"
BLOCKED = r"^The connector blocked a request of its own, because it does more than read from Hotmart\."


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def stream(connector: Connector) -> Products:
    """A stream on the simulator, with its access token."""
    config = Config.from_mapping(connector.config)
    authenticator = HotmartAuthenticator(config)
    authenticator.get_auth_header()
    connector.simulator.reset_log()
    return Products(Api(config, authenticator, connector.simulator.world.now_ms))


def data_client(stream: Products) -> HttpClient:
    return stream._http_client


def token_client(stream: Products) -> HttpClient:
    return stream.api.authenticator._client


def send(client: HttpClient, method: str, url: str, **kwargs: Any) -> None:
    client.send_request(method, url, request_kwargs={"stream": True, "timeout": 5, **kwargs})


class Recorder:
    """A local server that records its requests, and answers as both of Hotmart's hosts would."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str | None]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                recorder.asked.append((self.requestline, self.headers["Authorization"]))
                content = {"access_token": "recorded", "expires_in": 3600, "items": [], "page_info": {}}
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def do_CONNECT(self) -> None:
                recorder.asked.append((self.requestline, self.headers["Authorization"]))
                self.send_error(502)

            def log_message(self, format: str, *args: Any) -> None:
                """Don't log: the tests use `asked`."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Recorder:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as server:
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path / "self-signed.pem"
    path.write_bytes(key.private_bytes(encoding, *plain) + signed.public_bytes(encoding))
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Recorder]:
    """A server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Recorder(context) as server:
        yield server


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HOTMART_API_URL", url)
    monkeypatch.setenv("HOTMART_AUTH_URL", url)


# Methods and addresses


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_a_stream_sends_only_get_requests(stream, connector, method):
    with pytest.raises(HotmartError, match=BLOCKED):
        send(data_client(stream), method, stream.url_base + PRODUCTS)

    assert not connector.simulator.calls


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_a_login_sends_only_post_requests(stream, connector, method):
    with pytest.raises(HotmartError, match=BLOCKED):
        send(token_client(stream), method, f"{connector.simulator.url}{TOKEN_PATH}")

    assert not connector.simulator.calls


@pytest.mark.parametrize("path", ["/", "/security/oauth/revoke", f"{TOKEN_PATH}/x", f"/{PRODUCTS}", f"{TOKEN_PATH}%2F"])
def test_a_login_requests_only_the_token_url(stream, connector, path):
    with pytest.raises(HotmartError, match=BLOCKED):
        send(token_client(stream), "POST", f"{connector.simulator.url}{path}")

    assert not connector.simulator.calls


def test_get_to_the_api_and_post_to_the_token_url_are_allowed(stream, connector):
    send(data_client(stream), "GET", stream.url_base + PRODUCTS)
    stream.api.authenticator.refresh_and_set_access_token()

    assert [(call.method, call.path) for call in connector.simulator.calls] == [
        ("GET", f"/{PRODUCTS}"),
        ("POST", TOKEN_PATH),
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_other_host_or_port_is_requested(stream, recorder, method):
    for client in (data_client(stream), token_client(stream)):
        with pytest.raises(HotmartError, match=BLOCKED):
            send(client, method, f"{recorder.url}{TOKEN_PATH}")

    assert not recorder.asked


@pytest.mark.parametrize(
    "url",
    [
        "https://developers.hotmart.com.example.com/",
        "https://example.com/developers.hotmart.com/",
        "https://developers.hotmart.com@example.com/",
        "http://developers.hotmart.com/",
        "https://developers.hotmart.com:8443/",
        "https://api-sec-vlc.hotmart.com/",
        "https://sandbox.hotmart.com/",
    ],
)
def test_a_url_similar_to_the_api_url_is_rejected(connector, monkeypatch, url):
    monkeypatch.delenv("HOTMART_API_URL")
    config = Config.from_mapping(connector.config)
    stream = Products(Api(config, HotmartAuthenticator(config), connector.simulator.world.now_ms))

    with pytest.raises(HotmartError, match=BLOCKED):
        send(data_client(stream), "GET", f"{url}{PRODUCTS}")


# Redirects


def test_an_allowed_redirect_sends_no_token_to_another_host(stream, connector, recorder):
    connector.simulator.add_fault(Fault(kind="redirect", times=None, location=f"{recorder.url}/{PRODUCTS}"))

    with pytest.raises(HotmartError, match=r"The request was redirected to another address \(302\)"):
        send(data_client(stream), "GET", stream.url_base + PRODUCTS, allow_redirects=True)

    assert not recorder.asked


def test_redirects_are_not_followed(connector, recorder):
    for path in (None, TOKEN_PATH):
        connector.simulator.add_fault(Fault(kind="redirect", location=f"{recorder.url}/x", times=None, path=path))
        connector.read(["products"])

    assert not recorder.asked


# The whole connector


def test_check_and_read_connect_only_to_hotmart(connector, monkeypatch):
    connected = set()
    connect = socket.socket.connect

    def spy(self: socket.socket, address: Any) -> None:
        connected.add(address[:2])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", spy)

    assert connector.run("check").connection_status["status"] == "SUCCEEDED"
    run = connector.read()

    assert run.exit_code == 0
    assert connected == {("127.0.0.1", urlsplit(connector.simulator.url).port)}
    calls = {(call.method, call.path == TOKEN_PATH) for call in connector.simulator.calls}
    assert calls == {("GET", False), ("POST", True)}


def test_the_hosts_equal_the_allowed_hosts_of_the_metadata():
    metadata = yaml.safe_load((PACKAGE.parent / "metadata.yaml").read_text())

    hosts = [urlsplit(url).hostname for url in (*API_URLS.values(), AUTH_URL)]
    assert sorted(str(host) for host in hosts) == sorted(metadata["data"]["allowedHosts"]["hosts"])


def test_no_module_opens_other_connections():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Import(names=names):
                    imported = [name.name for name in names]
                case ast.ImportFrom(module="http.client", names=[ast.alias(name="HTTPResponse")]):
                    continue  # a response type that opens no connection
                case ast.ImportFrom(module=str(module)):
                    imported = [module]
                case ast.Attribute(value=ast.Name(id="requests"), attr=attribute):
                    imported = [f"requests.{attribute}"]
                case _:
                    continue
            ways = {"socket", "http.client", "urllib.request", "ftplib", "smtplib", "subprocess", "requests.sessions"}
            ways |= {f"requests.{name}" for name in ("Session", "request", "get", "post", "put", "patch", "delete")}
            assert not ways & set(imported), path.name
        text = path.read_text("utf-8")
        assert text.count("HttpClient(") == text.count(".restrict_to(") <= 1, path.name


# Certificates, proxies


@pytest.mark.parametrize(
    "setting", ["verify", "verify_ssl", "ssl_verify", "tls_verify", "insecure", "requests_kwargs", "ssl"]
)
def test_no_setting_disables_certificate_verification(connector, monkeypatch, secure, setting):
    use(monkeypatch, secure.url)
    connector.config[setting] = {"verify": False} if setting.endswith("kwargs") else False

    status = connector.run("check").connection_status

    assert status["status"] == "FAILED"
    assert "The secure connection to Hotmart could not be verified" in status["message"]
    assert not secure.asked


def test_a_client_cannot_disable_certificate_verification(connector, monkeypatch, secure):
    use(monkeypatch, secure.url)
    config = Config.from_mapping(connector.config)
    stream = Products(Api(config, HotmartAuthenticator(config), connector.simulator.world.now_ms))
    client = token_client(stream)
    client._session.verify = False

    with pytest.raises(Exception, match="could not be verified"):
        send(client, "POST", f"{secure.url}{TOKEN_PATH}", verify=False)

    assert not secure.asked


def test_certificates_from_the_environment_are_trusted(connector, monkeypatch, secure, certificate):
    use(monkeypatch, secure.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    connector.config["members_area_subdomain"] = ""

    status = connector.run("check").connection_status

    assert status["status"] == "SUCCEEDED"
    assert [line.split()[0] for line, _ in secure.asked] == ["POST", "GET", "GET"]


@pytest.fixture
def unusable(tmp_path: Path) -> dict[str, Path]:
    """Unusable certificate files, by their problem."""
    text = tmp_path / "notes.txt"
    text.write_text("no certificates here\n", encoding="utf-8")
    return {"missing": tmp_path / "missing.pem", "below a file": text / "ca.pem", "not certificates": text}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.parametrize("wrong", ["missing", "below a file", "not certificates"])
def test_unreadable_certificates_are_reported_with_their_variable(
    connector, command_line, monkeypatch, secure, unusable, variable, command, wrong
):
    use(monkeypatch, secure.url)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)  # it would take precedence
    monkeypatch.setenv(variable, str(unusable[wrong]))
    files = {"catalog": catalog(["products"])} if command == "read" else {}

    exit_code, output = command_line(command, **files)

    assert f"cannot be read. The environment variable {variable} names this path." in output
    assert str(unusable[wrong]) in output
    assert "output could not be written" not in output
    assert not secure.asked
    if command == "read":
        assert exit_code == 1
        errors = [error for line in output.splitlines() if (error := json.loads(line).get("trace", {}).get("error"))]
        assert {error["failure_type"] for error in errors} == {"config_error"}
    else:
        assert '"FAILED"' in output


def test_certificate_variables_are_ignored_for_plain_http(connector, monkeypatch, unusable):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(unusable["missing"]))

    assert connector.run("check").connection_status["status"] == "SUCCEEDED"


class RefusingProxy:
    """A proxy that rejects every connection."""

    def __init__(self, status: int) -> None:
        self.asked: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                proxy.asked.append(self.path)
                self.send_error(status)

            def log_message(self, format: str, *args: Any) -> None:
                """Don't log: the tests use `asked`."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> RefusingProxy:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize(
    ("status", "sentence", "failure_type", "tries"),
    [
        (407, "The proxy on the way to Hotmart requires a user name and a password (407).", "config_error", 1),
        (403, "A firewall or proxy on the way to Hotmart rejected the request (403).", "transient_error", 7),
        (502, "Hotmart could not be reached.", "transient_error", 7),
    ],
)
def test_a_proxy_that_rejects_the_connection_is_reported(connector, monkeypatch, status, sentence, failure_type, tries):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    for name in ("HOTMART_API_URL", "HOTMART_AUTH_URL"):
        monkeypatch.delenv(name)
    with RefusingProxy(status) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("https_proxy", proxy.url)

        run = connector.read(["products"])
        check = connector.run("check").connection_status

    assert set(proxy.asked) == {f"{urlsplit(AUTH_URL).hostname}:443"}
    assert len(proxy.asked) == tries + 1
    assert sentence in run.sentences
    assert {error["failure_type"] for error in run.errors} == {failure_type}
    assert check["status"] == "FAILED"
    assert sentence in check["message"]


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def use_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    for name in PROXIES:
        monkeypatch.setenv(name, url)


def test_the_proxy_from_the_environment_is_used(connector, monkeypatch, recorder):
    use(monkeypatch, "https://hotmart.example.com")
    use_proxy(monkeypatch, recorder.url)

    status = connector.run("check").connection_status

    assert status["status"] == "FAILED"
    assert {line.rpartition(" ")[0] for line, _ in recorder.asked} == {"CONNECT hotmart.example.com:443"}
    assert {authorization for _, authorization in recorder.asked} == {None}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_localhost_is_requested_without_a_proxy(connector, monkeypatch, recorder, host):
    use(monkeypatch, connector.simulator.url.replace("127.0.0.1", host))
    use_proxy(monkeypatch, recorder.url)

    status = connector.run("check").connection_status

    assert status["status"] == "SUCCEEDED", status
    assert not recorder.asked


def test_no_setting_changes_the_server(connector: Connector, recorder: Recorder):
    """No setting can name a host."""
    hosts = ("api_url", "auth_url", "base_url", "url", "host", "HOTMART_API_URL", "HOTMART_AUTH_URL", "proxy")
    connector.config |= dict.fromkeys(hosts, recorder.url)

    run = connector.read(["products"])

    assert run.records("products")
    assert not recorder.asked

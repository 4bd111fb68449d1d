"""The secrets of a sync, and the check that no output contains one."""

from __future__ import annotations

from collections.abc import Iterable

from hotmart_simulator.server.login import TOKEN_PATH
from tools.harness import Connector
from unit_tests.secrecy import forms


def assert_hidden(output: str, secrets: Iterable[str]) -> None:
    """Assert that no form of any secret is in the output. The failure message names the secret, not its place."""
    found = [form for secret in secrets for form in forms(secret) if form in output]
    assert not found


def secrets_of(connector: Connector) -> set[str]:
    """Return the credentials, and every access token that was used."""
    bearers = [call.headers.get("authorization", "") for call in connector.simulator.calls if call.path != TOKEN_PATH]
    tokens = {bearer.removeprefix("Bearer ") for bearer in bearers if bearer}
    given = {str(connector.config[name]) for name in ("client_id", "client_secret", "token")}
    return given | tokens

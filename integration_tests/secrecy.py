"""All forms of a secret that printed output may contain."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from functools import cache
from urllib.parse import quote, quote_plus

from hotmart_simulator.server.login import TOKEN_PATH
from tools.harness import Connector


@cache
def forms(secret: str) -> frozenset[str]:
    """Return a secret as text, in an address, in a header, and as JSON inside JSON."""
    encoded = base64.b64encode(secret.encode()).decode()
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), encoded, quote(encoded, safe="")}
    escaped = {json.dumps(form)[1:-1] for form in plain} | {
        json.dumps(form, ensure_ascii=False)[1:-1] for form in plain
    }
    return frozenset(plain | escaped | {json.dumps(form)[1:-1] for form in escaped})


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

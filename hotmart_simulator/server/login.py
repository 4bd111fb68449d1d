"""The token endpoint and the bearer check (hotmart-api.md 1)."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha512
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from hotmart_simulator.common.random_source import seed_of, uuid_text
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.switches import Switches

TOKEN_PATH: Final = "/security/oauth/token"
KNOWN: Final = frozenset(("grant_type", "client_id", "client_secret"))
Pairs = Sequence[tuple[str, str]]

CAUSES: Final = {
    "unauthorized": "there is no access token",
    "invalid_token": "the access token is invalid",
    "token_expired": "the access token has expired",
}


class WrongCredential(Exception):
    """The client ID, the client secret or the Basic header of a login is wrong."""


class Login:
    """One credential and the tokens issued to it, which end after their life (seconds of the clock)."""

    def __init__(self, seed: int, clock: Callable[[], float]) -> None:
        self._seed = seed
        self._clock = clock
        self._lock = Lock()
        self._issued = 0
        self._ends_s: dict[str, float] = {}
        self.client_id = uuid_text(seed_of(seed, "client"), 1).lower()
        self.client_secret = uuid_text(seed_of(seed, "client"), 2).lower()

    @property
    def basic(self) -> str:
        return b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()

    def grant(self, query: Pairs, form: Pairs, authorization: str | None, switches: Switches) -> dict[str, Any]:
        """Return the response with a new token. Raise `Refusal` for a wrong request, or `WrongCredential`.

        The parameters can be in the query, in the form body, or in both, unless `login_form` rejects the body.
        """
        if form and switches.login_form == "query_only":
            raise Refusal(400, "invalid_request", "The parameters belong in the query string")
        values = dict([*query, *form])
        unknown = sorted(set(values) - KNOWN)
        if unknown:
            raise Refusal(400, "invalid_request", f"Unknown parameter: {unknown[0]}")
        if values.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type", "Unsupported grant type")
        # The Basic header alone is enough (1.1). An id or a secret in the request must be right as well.
        if (
            authorization != f"Basic {self.basic}"
            or values.get("client_id", self.client_id) != self.client_id
            or values.get("client_secret", self.client_secret) != self.client_secret
        ):
            raise WrongCredential
        with self._lock:
            self._issued += 1
            token = self._token(self._issued)
            if switches.token_text == "percent_encoded":
                token = quote(token, safe="")
            if switches.tokens == "latest_only":
                self._ends_s.clear()
            self._ends_s[token] = self._clock() + switches.token_life_s
            return {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": switches.token_life_s,
                "scope": "read write",
                "jti": uuid_text(seed_of(self._seed, "jti"), self._issued).lower(),
            }

    def check(self, authorization: str | None, switches: Switches) -> None:
        """Raise `Refusal` for a data call without a valid token that is sent exactly as issued."""
        cause = self._cause(authorization)
        if cause is not None:
            code = cause if switches.refusal_401 == "by_cause" else switches.refusal_401
            raise Refusal(401, code, f"Full authentication is required: {CAUSES[cause]}")

    def _cause(self, authorization: str | None) -> str | None:
        """Return the error code of an invalid bearer token, or None for a valid one."""
        if not authorization:
            return "unauthorized"
        with self._lock:
            end_s = self._ends_s.get(authorization.removeprefix("Bearer "))
        if end_s is None or not authorization.startswith("Bearer "):
            return "invalid_token"
        return "token_expired" if self._clock() >= end_s else None

    def end_tokens(self) -> None:
        """Let every token issued so far expire now."""
        with self._lock:
            for token in self._ends_s:
                self._ends_s[token] = float("-inf")

    def _token(self, number: int) -> str:
        """Return long base64 text that has plus signs, slashes and equals signs."""
        for salt in range(1_000):
            parts = (f"{self._seed}/{number}/{salt}/{part}" for part in range(11))
            text = b64encode(b"".join(sha512(part.encode()).digest() for part in parts)).decode()
            if "+" in text and "/" in text and "=" in text:
                return text
        raise AssertionError("no token of this form")

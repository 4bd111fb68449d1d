"""The token endpoint and the bearer check (hotmart-api.md 1)."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha512
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from hotmart_simulator.common.random_source import seed_of, uuid_text
from hotmart_simulator.server.errors import Refusal

TOKEN_PATH: Final = "/security/oauth/token"
KNOWN: Final = frozenset(("grant_type", "client_id", "client_secret"))


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

    def grant(self, pairs: Sequence[tuple[str, str]], authorization: str | None, life_s: int) -> dict[str, Any]:
        """A new token, or the refusal; the pairs come from the query, the form body, or both."""
        values = dict(pairs)
        unknown = sorted(set(values) - KNOWN)
        if unknown:
            raise Refusal(400, "invalid_request", f"Unknown parameter: {unknown[0]}")
        if values.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type", "Unsupported grant type")
        # The Basic header alone is enough; what is sent besides must be right as well (1.1).
        if (
            authorization != f"Basic {self.basic}"
            or values.get("client_id", self.client_id) != self.client_id
            or values.get("client_secret", self.client_secret) != self.client_secret
        ):
            raise Refusal(401, "invalid_client", "Bad client credentials")
        with self._lock:
            self._issued += 1
            token = self._token(self._issued)
            self._ends_s[token] = self._clock() + life_s
            return {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": life_s,
                "scope": "read write",
                "jti": uuid_text(seed_of(self._seed, "jti"), self._issued).lower(),
            }

    def check(self, authorization: str | None) -> None:
        """Refuse a data call without a living token, used exactly as issued."""
        if not authorization:
            raise Refusal(401, "unauthorized", "Full authentication is required to access this resource")
        with self._lock:
            end_s = self._ends_s.get(authorization.removeprefix("Bearer "))
        if end_s is None or not authorization.startswith("Bearer "):
            raise Refusal(401, "invalid_token", "Full authentication is required: the access token is invalid")
        if self._clock() >= end_s:
            raise Refusal(401, "token_expired", "Full authentication is required: the access token has expired")

    def end_tokens(self) -> None:
        """Let every token issued so far expire now."""
        with self._lock:
            for token in self._ends_s:
                self._ends_s[token] = float("-inf")

    def _token(self, number: int) -> str:
        """Long base64 text, percent-encoded as the API sends it: with %2B, %2F and %3D."""
        for salt in range(1_000):
            parts = (f"{self._seed}/{number}/{salt}/{part}" for part in range(11))
            text = b64encode(b"".join(sha512(part.encode()).digest() for part in parts)).decode()
            if "+" in text and "/" in text and "=" in text:
                return quote(text, safe="")
        raise AssertionError("no token of this form")

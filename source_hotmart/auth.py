"""Access tokens: fetched with the user's credentials, used exactly as received, renewed in time.

https://developers.hotmart.com/docs/en/start/app-auth/
"""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from threading import RLock
from typing import Any
from urllib.parse import quote, quote_plus

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.auth import AuthBase

from source_hotmart.answers import DEFAULT_BOUNDS, Bounds, Envelope, Page, Unreadable, decode
from source_hotmart.config import Config
from source_hotmart.errors import HotmartError
from source_hotmart.handler import HTTP_LOGGER, AnswerHandler, page_of
from source_hotmart.patience import DEFAULT_PATIENCE, Patience, QuotaBackoff, out_of_tries
from source_hotmart.reach import confine

RENEW_BEFORE_S = 120
"""A token is renewed so long before its end, as a call may wait for the quota with the token already set."""

UNTOLD_LIFE_S = 6 * 3600
"""The life of a token that tells none: three lives were seen, this is the shortest. If it ends before, a 401 tells."""

FAILURE_KEPT_S = 60.0
"""For so long a login that failed is not tried again."""

REFUSED = (
    "Hotmart did not accept the Client ID and Client Secret. Copy all three values again from Hotmart: "
    "Tools > Developer Credentials, and check that the credential was not deleted."
)
RENEWAL_REFUSED = (
    "Hotmart refuses another access token for the Client ID and Client Secret from which it has just taken calls. If "
    "the next sync fails as well, look under Tools > Developer Credentials whether the credential was deleted."
)


class HotmartAuthenticator(AuthBase):
    """Sets the access token on each request; one instance, and so one token, for all streams and threads."""

    def __init__(self, config: Config, patience: Patience = DEFAULT_PATIENCE, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self._config = config
        self._patience = patience
        self._lock = RLock()
        self._token = ""
        self._renew_at_s = 0.0
        self._ends_at_s = 0.0
        self._failure: HotmartError | None = None
        self._failure_until_s = 0.0
        self.token_life_s: int | None = None
        """How long the last token lives by Hotmart's own word; `None` when it did not say."""
        self.clock_lead_ms = 0
        """How far this machine's clock is ahead of Hotmart's, as the last token answer told; negative when behind.

        Never less than it is: the answer tells whole seconds, and was on its way for a while.
        """
        self._timeout_s = (bounds.connect_s, bounds.read_s)
        self._client = HttpClient(
            name="access token",
            logger=HTTP_LOGGER,
            error_handler=_TokenAnswerHandler("access token", _TokenEnvelope(), patience, bounds),
            authenticator=_BasicHeader(config.token.get_secret_value()),
            backoff_strategy=QuotaBackoff(),
        )
        self._token_url = f"{config.auth_url}/security/oauth/token"
        confine(self._client, "POST", self._token_url, bounds.total_s)
        hide_secrets(config)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the bearer header. Raises `HotmartError` when no token can be had."""
        request.headers.update(self.get_auth_header())
        return request

    def get_auth_header(self) -> dict[str, str]:
        """The header with a token that is good for a while; the CDK compares it to see if a 401 is old news."""
        with self._lock:
            if time.monotonic() >= self._renew_at_s:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def hotmart_ms(self, time_ms: int | None = None) -> int:
        """Now, or a time by this machine's clock, by Hotmart's: a second or two too early, never in its future."""
        return (time.time_ns() // 1_000_000 if time_ms is None else time_ms) - self.clock_lead_ms

    def _renew(self) -> None:
        """Ask for a new token; a failure counts only once the old one has ended."""
        try:
            self.refresh_and_set_access_token()
        except HotmartError:
            now_s = time.monotonic()
            if now_s >= self._ends_at_s:
                raise
            self._renew_at_s = min(now_s + FAILURE_KEPT_S, self._ends_at_s)

    def refresh_and_set_access_token(self) -> None:
        """Ask for a new token. The CDK calls this once when a call was answered with 401."""
        with self._lock:
            if self._failure and time.monotonic() < self._failure_until_s:
                raise HotmartError(str(self._failure), self._failure.failure_type)
            # Hotmart documents the credentials as query parameters; `AnswerHandler` keeps the address, which
            # so carries the secret, out of every message. Failures are raised outside of the handlers: there the
            # exceptions of the HTTP client, which know the address, would hang on to them.
            failure: HotmartError | None = None
            try:
                _, response = self._client.send_request(
                    "POST",
                    self._token_url,
                    params={
                        "grant_type": "client_credentials",
                        "client_id": self._config.client_id.get_secret_value(),
                        "client_secret": self._config.client_secret.get_secret_value(),
                    },
                    headers={"Content-Type": "application/json"},
                    request_kwargs={"timeout": self._timeout_s, "allow_redirects": False, "stream": True},
                )
            except HotmartError as refusal:
                if self._token:  # these credentials have worked: a firewall can refuse a renewal in passing
                    sentence = RENEWAL_REFUSED if str(refusal) == REFUSED else str(refusal)
                    failure = self._keep_failure(HotmartError(sentence), FAILURE_KEPT_S)
                else:
                    final = refusal.failure_type == FailureType.config_error
                    failure = self._keep_failure(refusal, math.inf if final else FAILURE_KEPT_S)
            except AirbyteTracedException as exhausted:
                failure = self._keep_failure(out_of_tries(exhausted, self._patience), FAILURE_KEPT_S)
            if failure is not None:
                raise failure
            granted = page_of(response).rows[0]
            self._token = granted["access_token"]
            self.token_life_s = granted["expires_in"]
            life_s = UNTOLD_LIFE_S if self.token_life_s is None else self.token_life_s
            self._ends_at_s = time.monotonic() + life_s
            self._renew_at_s = self._ends_at_s - min(RENEW_BEFORE_S, life_s / 2)
            self.clock_lead_ms = _clock_lead_ms(response)
            for form in (self._token, quote(self._token, safe=""), quote_plus(self._token)):
                add_to_secrets(form)

    def _keep_failure(self, failure: HotmartError, kept_s: float) -> HotmartError:
        """Remember a failure for the other threads, each of which would else try as long as this one did."""
        self._failure = failure
        self._failure_until_s = time.monotonic() + kept_s
        return failure


def _clock_lead_ms(response: requests.Response) -> int:
    try:
        hotmart_s = int(parsedate_to_datetime(response.headers["Date"]).timestamp())
    except (KeyError, ValueError):
        return 0
    return time.time_ns() // 1_000_000 - hotmart_s * 1000


class _BasicHeader(AuthBase):
    """The header of the token call; as an authenticator, so that no `.netrc` can put another in its place."""

    def __init__(self, token: str) -> None:
        self._header = f"Basic {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class _TokenEnvelope(Envelope):
    """`access_token` and `expires_in` (seconds) at the top of the answer."""

    def open(self, body: bytes) -> Page:
        answer: Any = decode(body)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise Unreadable("an answer without an access token", breaks_contract="error" not in (answer or {}))
        life_s = answer.get("expires_in")
        row = {"access_token": token, "expires_in": life_s if isinstance(life_s, int) else None}
        return Page(rows=[row], next_token=None, total=None)


class _TokenAnswerHandler(AnswerHandler):
    """Answers of the token host, where a refusal means wrong credentials."""

    def _deny_second_401(self, request: requests.PreparedRequest) -> None:
        raise HotmartError(REFUSED, FailureType.config_error)

    def _refuse(self, status: int, code: str) -> ErrorResolution:
        if status in (400, 403):
            raise HotmartError(REFUSED, FailureType.config_error)
        return super()._refuse(status, code)

    def _resolution(self, outcome: tuple[ResponseAction, FailureType], sentence: str) -> ErrorResolution:
        """As for data; but the CDK would tell of a rate limit as the status of a stream of this name."""
        action, failure_type = outcome
        if action is ResponseAction.RATE_LIMITED:
            outcome = ResponseAction.RETRY, failure_type
        return super()._resolution(outcome, sentence)


def hide_secrets(config: Config) -> None:
    """Have the CDK blank every form of the secret settings in logs and traces, also as a part of an address."""
    for secret in (config.client_id, config.client_secret, config.token, config.personal_data.key):
        text = secret.get_secret_value()
        for form in dict.fromkeys((text, quote(text, safe=""), quote_plus(text))):
            if form:  # there is no key where nothing is hashed
                add_to_secrets(form)

"""Access tokens: fetched with the user's credentials, used exactly as received, renewed in time.

https://developers.hotmart.com/docs/en/start/app-auth/
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Lock, RLock

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from requests.auth import AuthBase

from source_hotmart.api import clock
from source_hotmart.api.certificates import check_certificates
from source_hotmart.api.error_handler import HTTP_LOGGER, page_of
from source_hotmart.api.errors import HotmartError
from source_hotmart.api.login import NAME, REFUSED, BasicHeader, LoginHandler
from source_hotmart.api.pages import DEFAULT_LIMITS, Limits
from source_hotmart.api.redaction import hide
from source_hotmart.api.retries import DEFAULT_RETRIES, QuotaBackoff, RetryPolicy, out_of_tries
from source_hotmart.api.transport import Connections
from source_hotmart.config.form import Config

LOGGER = logging.getLogger("airbyte.hotmart")

RENEW_BEFORE_S = 120
"""A token is renewed so long before its end, as a call may wait for the quota with the token already set."""

LONG_LIFE_S = 300
"""A token that was accepted for so long ends the count of tokens that were rejected in succession."""

FAILURE_KEPT_S = 60.0
"""For so long a login that failed is not tried again."""

RENEWAL_REFUSED = (
    "Hotmart refuses another access token for the Client ID and Client Secret from which it has just taken calls. If "
    "the next sync fails as well, look under Tools > Developer Credentials whether the credential was deleted."
)


class HotmartAuthenticator(AuthBase):
    """Sets the access token on each request; one instance, and so one token, for all streams and threads."""

    def __init__(
        self,
        config: Config,
        retries: RetryPolicy = DEFAULT_RETRIES,
        limits: Limits = DEFAULT_LIMITS,
        jitter: Callable[[], float] = random.random,
        connections: Connections | None = None,
    ) -> None:
        self._config = config
        self._retries = retries
        self._jitter = jitter
        self._lock = RLock()
        self._replacing = Lock()
        """Held by the thread that replaces a rejected token. The lock above is free while it pauses."""
        self._token = ""
        self._granted_at_s = self._renew_at_s = self._ends_at_s = 0.0
        self._replaced = 0
        """Tokens in succession that were replaced since Hotmart rejected them."""
        self._failure: HotmartError | None = None
        self._failure_until_s = 0.0
        self.has_worked = False
        """Whether Hotmart has answered a data call with one of these tokens."""
        self.clock_skew_ms = 0
        """How far this machine's clock is ahead of Hotmart's, negative when behind. See `clock.py`."""
        self._timeout_s = (limits.connect_s, limits.read_s)
        limits = replace(limits, body_bytes=limits.error_bytes)  # there is no page in it
        self._token_url = f"{config.auth_url}/security/oauth/token"
        self._client = HttpClient(
            name=NAME,
            logger=HTTP_LOGGER,
            error_handler=LoginHandler(retries, limits, is_first=lambda: not self._token),
            session=(connections or Connections()).restrict_to("POST", self._token_url, limits.total_s),
            authenticator=BasicHeader(config.token.get_secret_value()),
            backoff_strategy=QuotaBackoff(),
        )
        hide_secrets(config)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the bearer header. Raises `HotmartError` when no token can be had."""
        request.headers.update(self.get_auth_header())
        return request

    def get_auth_header(self) -> dict[str, str]:
        """Return the header with a token that is good for a while."""
        with self._lock:
            if time.monotonic() >= self._renew_at_s:
                self._renew()
            return {"Authorization": self._bearer}

    @property
    def _bearer(self) -> str:
        return f"Bearer {self._token}"

    def server_time_ms(self, time_ms: int | None = None) -> int:
        """Now, or a time by this machine's clock, by Hotmart's: a second or two too early, never in its future."""
        return (time.time_ns() // 1_000_000 if time_ms is None else time_ms) - self.clock_skew_ms

    def _renew(self) -> None:
        """Ask for a new token; a failure counts only once the old one has ended."""
        try:
            self.refresh_and_set_access_token()
        except HotmartError:
            now_s = time.monotonic()
            if now_s >= self._ends_at_s:
                raise
            self._renew_at_s = min(now_s + FAILURE_KEPT_S, self._ends_at_s)

    def replace_token(self, digest: int) -> None:
        """Get a new token in place of one that Hotmart rejected, unless another thread has done so by now.

        `digest` is the hash of the header. One thread pauses and logs in, and all that wait for it use its token.
        Raise `HotmartError` when no token can be had.
        """
        with self._replacing:
            if digest != hash(self._bearer):
                return
            if time.monotonic() - self._granted_at_s > LONG_LIFE_S:
                self._replaced = 0
            time.sleep(self._retries.pause_s(self._replaced, self._jitter()))
            with self._lock:
                if digest == hash(self._bearer):
                    self._replaced += 1
                    self.refresh_and_set_access_token()

    def refresh_and_set_access_token(self) -> None:
        """Log in. Raise `HotmartError` when no token can be had."""
        with self._lock:
            if self._failure and time.monotonic() < self._failure_until_s:
                raise HotmartError(str(self._failure), self._failure.failure_type)
            response = self._log_in()
            granted = page_of(response).rows[0]
            is_first = not self._token
            self._token = granted["access_token"]
            life_s = granted["life_s"]
            self._granted_at_s = time.monotonic()
            self._ends_at_s = self._granted_at_s + life_s
            self._renew_at_s = self._ends_at_s - min(RENEW_BEFORE_S, life_s / 2)
            self._compare_clocks(response, is_first=is_first)
            hide_secrets(self._config)  # so that many access tokens do not push them out
            hide(self._token)

    def _log_in(self) -> requests.Response:
        """Return a response with a token. Raise `HotmartError`, and remember it for the other threads."""
        # Hotmart documents the credentials as query parameters; `AnswerHandler` keeps the address, which
        # so carries the secret, out of every message. Failures are raised outside of the handlers: there the
        # exceptions of the HTTP client, which know the address, would hang on to them.
        try:
            if not self._token and "https://" in f"{self._config.auth_url} {self._config.api_url}":
                check_certificates()
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
            failure = self._keep_failure(out_of_tries(exhausted, self._retries), FAILURE_KEPT_S)
        else:
            return response
        raise failure

    def _compare_clocks(self, response: requests.Response, *, is_first: bool) -> None:
        """Take over Hotmart's clock as far as it is believed. In a running sync an odd `Date` changes nothing."""
        skew_ms = clock.skew_ms(response)
        if skew_ms is None:
            return
        if -clock.TRUSTED_MS <= skew_ms <= clock.MAX_SKEW_MS:
            self.clock_skew_ms = skew_ms
        elif is_first:
            LOGGER.warning(
                "Hotmart's login is dated %.0f seconds after this machine's clock. This sync goes by this machine's.",
                -skew_ms / 1000,
            )

    def _keep_failure(self, failure: HotmartError, kept_s: float) -> HotmartError:
        """Remember a failure for the other threads, each of which would else try as long as this one did."""
        self._failure = failure
        self._failure_until_s = time.monotonic() + kept_s
        return failure


def hide_secrets(config: Config) -> None:
    """Hide the secret settings in everything that is printed."""
    for secret in (config.client_id, config.client_secret, config.token, config.personal_data.key):
        hide(secret.get_secret_value())

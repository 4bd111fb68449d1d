"""Access tokens: fetched with the user's credentials, renewed in time, and replaced if Hotmart rejects them.

https://developers.hotmart.com/docs/en/start/app-auth/

The CDK's own action for a 401 turns the second one of a request into a config_error, and waits without jitter. But a
token can be rejected although the settings are right, for example if another program used the same credentials.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Lock, RLock
from typing import TypeVar

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from airbyte_cdk.sources.streams.http.requests_native_auth import TokenAuthenticator
from airbyte_cdk.sources.streams.http.requests_native_auth.abstract_token import AbstractHeaderAuthenticator
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.error_handler import HTTP_LOGGER, page_of
from source_hotmart.api.errors import AccessDenied, HotmartError, TokenRejected
from source_hotmart.api.login import NAME, REFUSED, RENEWAL_REFUSED, LoginHandler
from source_hotmart.api.messages import hide
from source_hotmart.api.pages import DEFAULT_LIMITS, Limits
from source_hotmart.api.retries import DEFAULT_RETRIES, QuotaBackoff, RetryPolicy, out_of_tries
from source_hotmart.api.transport import Connections, check_certificates
from source_hotmart.config.form import Config

RENEW_BEFORE_S = 120
"""Seconds to renew a token before it expires, since a request may wait for the quota with its token set."""

LONG_LIFE_S = 300
"""Once a token has been accepted for so many seconds, the count of successive rejected tokens starts at zero."""

FAILURE_KEPT_S = 60.0
"""Seconds before a failed login is retried."""

Answer = TypeVar("Answer")


class HotmartAuthenticator(AbstractHeaderAuthenticator):
    """Sets the access token on each request. All streams and threads share one instance, and so one token."""

    auth_header = "Authorization"

    def __init__(
        self,
        config: Config,
        retries: RetryPolicy = DEFAULT_RETRIES,
        limits: Limits = DEFAULT_LIMITS,
        connections: Connections | None = None,
    ) -> None:
        self._config = config
        self._retries = retries
        self._lock = RLock()
        self._replacing = Lock()
        """Held by the thread that replaces a rejected token. The lock above stays free while that thread pauses."""
        self._header = ""
        """`Bearer` and the token, empty before the first login."""
        self._granted_at_s = self._renew_at_s = self._ends_at_s = 0.0
        self._replaced = 0
        """Number of tokens in succession that were replaced because Hotmart rejected them."""
        self._failure: HotmartError | None = None
        self._failure_until_s = 0.0
        self.has_worked = False
        """Whether Hotmart has accepted one of these tokens for a data request."""
        self._timeout_s = (limits.connect_s, limits.read_s)
        limits = replace(limits, body_bytes=limits.error_bytes)  # a login response is no larger than an error
        self._token_url = f"{config.auth_url}/security/oauth/token"
        self.login = LoginHandler(retries, limits)
        self._client = HttpClient(
            name=NAME,
            logger=HTTP_LOGGER,
            error_handler=self.login,
            session=(connections or Connections()).restrict_to("POST", self._token_url, limits.total_s),
            authenticator=TokenAuthenticator(config.token.get_secret_value(), "Basic"),
            backoff_strategy=QuotaBackoff(),
        )
        hide_secrets(config)

    @property
    def token(self) -> str:
        """The header, after renewing a token that is about to expire. Raise `HotmartError` without a valid one."""
        with self._lock:
            if time.monotonic() >= self._renew_at_s:
                self._renew()
            return self._header

    def server_time_ms(self) -> int:
        """Return now by Hotmart's clock: up to two seconds early, never late."""
        return time.time_ns() // 1_000_000 - self.login.clock_skew_ms

    def _renew(self) -> None:
        """Request a new token. A failure is raised only if the old token has expired."""
        try:
            self.refresh_and_set_access_token()
        except HotmartError:
            now_s = time.monotonic()
            if now_s >= self._ends_at_s:
                raise
            self._renew_at_s = min(now_s + FAILURE_KEPT_S, self._ends_at_s)

    def replace_token(self, digest: int) -> None:
        """Replace a token that Hotmart rejected, unless another thread has already done so.

        `digest` is the hash of the header. One thread pauses and logs in, and all waiting threads use its token.
        Raise `HotmartError` if no token is available.
        """
        with self._replacing:
            if digest != hash(self._header):
                return
            if time.monotonic() - self._granted_at_s > LONG_LIFE_S:
                self._replaced = 0
            time.sleep(self._retries.pause_s(self._replaced))
            with self._lock:
                if digest == hash(self._header):
                    self._replaced += 1
                    self.refresh_and_set_access_token()

    def refresh_and_set_access_token(self) -> None:
        """Log in. Raise `HotmartError` if no token is available."""
        with self._lock:
            if self._failure and time.monotonic() < self._failure_until_s:
                raise HotmartError(str(self._failure), self._failure.failure_type)
            granted = page_of(self._log_in()).rows[0]
            self._header = f"Bearer {granted['access_token']}"
            life_s = granted["life_s"]
            self._granted_at_s = time.monotonic()
            self._ends_at_s = self._granted_at_s + life_s
            self._renew_at_s = self._ends_at_s - min(RENEW_BEFORE_S, life_s / 2)
            hide_secrets(self._config)  # again, so that many access tokens do not push them out
            hide(granted["access_token"])

    def _log_in(self) -> requests.Response:
        """Return a response with a token. Raise `HotmartError`, and remember it for the other threads."""
        # Hotmart documents the credentials as query parameters. `HotmartErrorHandler` keeps the URL, and so the secret,
        # out of every message. Failures are raised outside the exception handlers, because Python would chain them
        # to the exceptions of the HTTP client, which contain the URL.
        kept_s = FAILURE_KEPT_S
        try:
            if not self._header and "https://" in f"{self._config.auth_url} {self._config.api_url}":
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
            failure = refusal
            if self._header:  # these credentials have worked, so a firewall may have rejected the renewal
                failure = HotmartError(RENEWAL_REFUSED if str(refusal) == REFUSED else str(refusal))
            elif refusal.failure_type == FailureType.config_error:
                kept_s = math.inf
        except AirbyteTracedException as exhausted:
            failure = out_of_tries(exhausted, self._retries)
        else:
            return response
        # The other threads would otherwise retry for as long as this one did.
        self._failure, self._failure_until_s = failure, time.monotonic() + kept_s
        raise failure


def hide_secrets(config: Config) -> None:
    """Hide the secret settings in all output."""
    for secret in (config.client_id, config.client_secret, config.token, config.personal_data.key):
        hide(secret.get_secret_value())


class TokenRenewal:
    """Sends the requests of one stream, from all threads."""

    def __init__(self, stream_name: str, authenticator: HotmartAuthenticator, retries: RetryPolicy) -> None:
        self._stream_name = stream_name
        self._authenticator = authenticator
        self._retries = retries
        self._is_denied = False
        """Whether new tokens did not help the last request. The other requests of the stream then try none."""

    def send(self, call: Callable[[], Answer]) -> Answer:
        """Return the response of a request. Raise `AccessDenied` if Hotmart accepts no new token for it.

        Raise `HotmartError` if no new token is available.
        """
        renewals = 0
        while True:
            try:
                answer = call()
            except TokenRejected as rejected:
                digest = rejected.digest
            else:
                self._is_denied = False
                self._authenticator.has_worked = True
                return answer
            if self._is_denied or renewals >= self._retries.max_renewals:
                self._is_denied = True
                raise self._denial()
            self._renew(digest)
            renewals += 1

    def _renew(self, digest: int) -> None:
        try:
            self._authenticator.replace_token(digest)
        except HotmartError:
            if self._retries.max_retries:
                raise
            raise self._denial() from None  # a check does not wait for a login, and the rejection says more

    def _denial(self) -> AccessDenied:
        """Return the failure. It is a config_error only if these credentials have never worked."""
        if self._authenticator.has_worked:
            denial = AccessDenied(
                f"{self._stream_name}: Hotmart accepted these credentials earlier in this sync, but rejected every new "
                "access token for this stream (401). If another program uses the same credentials, run it at another "
                "time. If only this stream fails, the credentials have no permission for it. Create a credential as "
                "the owner of the account, or deselect this stream.",
                FailureType.transient_error,
            )
        else:
            denial = AccessDenied(
                f"{self._stream_name}: Hotmart issued an access token and then rejected it (401). Most often the "
                "credential belongs to the other environment. Choose production or sandbox, as it was created. If that "
                "is right, create a credential as the owner of the account."
            )
        denial.status = 401
        return denial

"""Retry requests whose access token Hotmart rejected, each time with a new token.

The CDK's own action for this turns the second 401 of a request into a config_error, and waits without jitter. But a
token can be rejected although the settings are right, for example if another program used the same credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from airbyte_cdk.models import FailureType

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import AccessDenied, HotmartError, TokenRejected
from source_hotmart.api.retries import RetryPolicy

Answer = TypeVar("Answer")


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

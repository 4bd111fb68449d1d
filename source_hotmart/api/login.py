"""Interpret the response of a login: an access token with its lifetime, the time at Hotmart, or an error.

https://developers.hotmart.com/docs/en/start/app-auth/

Hotmart rejects dates in the future, so a sync ends at Hotmart's current time, which is in the `Date` header. A wrong
`Date` must do no harm: a late one would move a state into the future, and an early one would end a sync before the
newest rows.

- Up to ten minutes apart: Hotmart's clock is used.
- Further apart: the earlier clock is used. If a sync ends too early, the next one reads the rest.
- A login dated more than two days before this machine's clock is rejected. Either clock may be wrong, and a sync by
  either of them could miss rows and still succeed.
"""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction

from source_hotmart.api.decoding import UnexpectedBody, decode
from source_hotmart.api.error_handler import HotmartErrorHandler
from source_hotmart.api.errors import HotmartError
from source_hotmart.api.pages import Envelope, Limits, Page
from source_hotmart.api.retries import RETRY, RetryPolicy

LOGGER = logging.getLogger("airbyte.hotmart")

NAME = "access token"
"""The name that messages show in place of a stream's name."""

DEFAULT_TOKEN_LIFE_S = 6 * 3600
"""Lifetime of a token without `expires_in`, the shortest of three observed. A 401 reveals an earlier end."""
LEAST_LIFE_S = 60
"""Minimum lifetime. A shorter or negative one would require a login per request, and logins are rate-limited."""
MOST_LIFE_S = 30 * 86_400

_TOKEN = re.compile(r"[!-~]{1,8192}")
"""Tokens that fit in a header. Others are never sent, because the HTTP client would quote them in its error."""

REFUSED = (
    "Hotmart rejected the Client ID and Client Secret. Copy all three values again from Hotmart: Tools > Developer "
    "Credentials. If they are right, check there whether the credential was deleted."
)
RENEWAL_REFUSED = (
    "Hotmart accepted the Client ID and Client Secret at the start of this sync, but now rejects them when the access "
    "token is renewed. If the next sync fails too, check in Hotmart under Tools > Developer Credentials whether the "
    "credential was deleted."
)

TRUSTED_MS = 10 * 60_000
DAY_MS = 86_400_000
MAX_SKEW_MS = 2 * DAY_MS


def skew_ms(response: requests.Response) -> int | None:
    """Return the lead of this machine's clock over Hotmart's in milliseconds, `None` without a `Date`.

    Negative if it is behind. Never less than the real difference, because the header has whole seconds and the
    response took some time to arrive.
    """
    try:
        date = parsedate_to_datetime(response.headers["Date"])
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)  # -0000 means UTC in an unknown zone
        server_time_ms = int(aware.timestamp()) * 1000
    except (KeyError, ValueError, OverflowError):
        return None
    return time.time_ns() // 1_000_000 - server_time_ms


class TokenEnvelope(Envelope):
    """`access_token` and `expires_in` (seconds) at the top of the response."""

    def open(self, body: bytes) -> Page:
        answer: Any = decode(body)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise UnexpectedBody("a response without an access token", breaks_contract="error" not in (answer or {}))
        if not _TOKEN.fullmatch(token):
            raise UnexpectedBody("an access token that is not printable ASCII of up to 8 KB", breaks_contract=True)
        sent = answer.get("expires_in")
        life_s = min(max(sent, LEAST_LIFE_S), MOST_LIFE_S) if type(sent) is int else DEFAULT_TOKEN_LIFE_S
        return Page(rows=[{"access_token": token, "life_s": life_s}], next_token=None, total=None)


class LoginHandler(HotmartErrorHandler):
    """Interprets responses of the token host. If Hotmart rejects a login, the credentials are wrong."""

    def __init__(self, retries: RetryPolicy, limits: Limits) -> None:
        super().__init__(NAME, TokenEnvelope(), retries, limits)
        self._is_first = True
        """Whether there was no access token before."""
        self.clock_skew_ms = 0
        """Lead of this machine's clock over Hotmart's in milliseconds, negative if it is behind."""

    def _accept(self, response: requests.Response, body: bytes) -> ErrorResolution:
        """Store the token, unless the response is dated so early that a sync would miss rows."""
        lead_ms = skew_ms(response)
        if self._is_first and lead_ms is not None and lead_ms > MAX_SKEW_MS:
            days = lead_ms // DAY_MS
            sentence = f"The time in Hotmart's login response is {days:,} days behind this machine's clock"
            return self._resolution(RETRY, f"{sentence}. Set the clock if it is wrong")
        accepted = super()._accept(response, body)
        if accepted.response_action is ResponseAction.SUCCESS:
            if lead_ms is not None:
                self._adopt_clock(lead_ms)
            self._is_first = False
        return accepted

    def _adopt_clock(self, lead_ms: int) -> None:
        """Use Hotmart's clock within limits. During a sync an unusual `Date` is ignored."""
        if -TRUSTED_MS <= lead_ms <= MAX_SKEW_MS:
            self.clock_skew_ms = lead_ms
        elif self._is_first:
            LOGGER.warning(
                "The time in Hotmart's login response is %.0f seconds ahead of this machine's clock. This sync uses "
                "this machine's clock.",
                -lead_ms / 1000,
            )

    def _reject_token(self, response: requests.Response) -> None:
        raise HotmartError(REFUSED, FailureType.config_error)

    def _on_final_status(self, status: int, code: str) -> ErrorResolution:
        if status in (400, 403):
            raise HotmartError(REFUSED, FailureType.config_error)
        return super()._on_final_status(status, code)

    def _resolution(self, outcome: tuple[ResponseAction, FailureType], sentence: str) -> ErrorResolution:
        """Return the same as for data, except that a rate limit is not reported as the status of a stream."""
        action, failure_type = outcome
        if action is ResponseAction.RATE_LIMITED:
            outcome = ResponseAction.RETRY, failure_type
        return super()._resolution(outcome, sentence)

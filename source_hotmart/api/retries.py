"""Which responses are retried, how often, and for how long.

Codes and their meaning: https://developers.hotmart.com/docs/en/start/http-response-codes/
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import BackoffStrategy, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import HotmartError

RETRY = ResponseAction.RETRY, FailureType.transient_error
RETRY_CONTRACT = ResponseAction.RETRY, FailureType.system_error
SPLIT = ResponseAction.SPLIT_REQUEST_WINDOW, FailureType.transient_error

STATUS_ACTIONS: dict[int, tuple[ResponseAction, FailureType, str]] = {
    408: (*SPLIT, "Hotmart ended the request because it took too long (408)"),
    425: (*RETRY, "Hotmart asked to try again later (425)"),
    429: (
        ResponseAction.RATE_LIMITED,
        FailureType.transient_error,
        "Hotmart's quota of requests per minute is used up (429)",
    ),
    500: (*RETRY, "Hotmart had an internal error (500)"),
    # Documented: the query took more than about 30 s, so request less.
    502: (*SPLIT, "Hotmart could not answer the query in time (502)"),
    503: (*RETRY, "Hotmart is not available (503)"),
    504: (*SPLIT, "Hotmart could not answer the query in time (504)"),
    524: (*SPLIT, "Hotmart could not answer the query in time (524)"),
}
"""Statuses that are retried, whole or in parts. All others are final: see `HotmartErrorHandler`."""

FIREWALL_STATUSES = (401, 403, 405, 406, 451)
"""Statuses that firewalls and proxies send as well as Hotmart. The body shows which of them did."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request that may succeed later is retried, and the maximum duration."""

    max_retries: int = 6
    """The waits double from one second: 63 s in all for a server error, several minutes for an exhausted quota."""
    max_time_s: int = 20 * 60
    """Maximum seconds for all attempts of one request."""
    max_renewals: int = 7
    """Maximum number of new access tokens for one request that Hotmart rejects with 401."""
    renewal_pause_s: float = 1.0
    """Seconds before the second new token in succession. The pause doubles for each further one."""
    advice: str | None = None
    """The last sentence of a failure. By default it says how often the request was tried."""

    def pause_s(self, renewals: int, jitter: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait before the next access token, given the number rejected in succession.

        The first new token is requested at once. Two programs may invalidate each other's tokens: growing pauses let
        them take turns, and the `jitter` keeps them out of step.
        """
        if not renewals:
            return 0.0
        return min(MAX_RENEWAL_PAUSE_S, self.renewal_pause_s * 2.0 ** (renewals - 1)) * (0.5 + jitter())


MAX_RENEWAL_PAUSE_S = 30.0
DEFAULT_RETRIES = RetryPolicy()
NO_RETRIES = RetryPolicy(
    max_retries=0,
    max_renewals=3,
    renewal_pause_s=0.5,
    advice="Check the network between this machine and Hotmart (proxy, firewall), and try again in a few minutes.",
)
"""For `check`, because a person is waiting for the result."""


def out_of_tries(exhausted: AirbyteTracedException, retries: RetryPolicy) -> HotmartError:
    """Return the failure for the end of the CDK's retries, in the connector's own words."""
    advice = retries.advice or f"Tried {retries.max_retries + 1} times. The next sync continues from here."
    return HotmartError(f"{exhausted.__context__ or exhausted} {advice}", exhausted.failure_type)


class QuotaBackoff(BackoffStrategy):
    """Seconds to wait after a 429: as Hotmart says, or increasing with jitter.

    The CDK adds one second. For every other failure its own exponential backoff applies.
    """

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,
    ) -> float | None:
        """Return the seconds to wait, `None` for the CDK's own exponential backoff."""
        response = response_or_exception
        if not isinstance(response, requests.Response) or response.status_code != 429:
            return None
        for header in ("RateLimit-Reset", "Retry-After"):
            try:
                wait_s = float(response.headers.get(header, ""))
            except ValueError:
                continue
            if 0 <= wait_s <= 120:
                return wait_s + self._jitter()
        return min(60.0, 5.0 * 2.0 ** (attempt_count - 1)) * (0.75 + self._jitter() / 2)

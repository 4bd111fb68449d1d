"""Table of the actions for each HTTP status of Hotmart.

Codes and their meaning: https://developers.hotmart.com/docs/en/start/http-response-codes/
"""

from __future__ import annotations

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction

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

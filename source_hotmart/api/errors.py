"""Failures of streams: a message for the user, and the failure type that platforms use."""

from __future__ import annotations

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.request_window_split_exception import RequestWindowSplitRequiredException
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.messages import plain

TooHeavy = RequestWindowSplitRequiredException
"""Hotmart cannot answer a query in one request. The CDK raises it for the action `SPLIT_REQUEST_WINDOW`."""


class HotmartError(AirbyteTracedException):
    """A failure with a message for the user: what went wrong, where, and what to do."""

    status = 0
    """The HTTP status of a final rejection, 0 for every other failure."""
    code = ""
    """The error code sent with that status, such as `invalid_parameter`. Empty if there was none."""

    def __init__(self, sentence: str, failure_type: FailureType = FailureType.transient_error) -> None:
        sentence = plain(sentence)
        super().__init__(internal_message=sentence, message=sentence, failure_type=failure_type)


class QueryRefused(HotmartError):
    """400: Hotmart does not accept the query. It may accept a shorter date range or one status at a time."""

    status = 400

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem} If this lasts, report it to Hotmart's support.", FailureType.system_error)
        self.problem = problem


class AccessDenied(HotmartError):
    """401 or 403: Hotmart accepts the credentials, but not for this endpoint in this environment."""

    def __init__(self, sentence: str, failure_type: FailureType = FailureType.config_error) -> None:
        super().__init__(sentence, failure_type)


class TokenRejected(HotmartError):
    """401: Hotmart did not accept the access token of this request. `digest` is the hash of its header."""

    status = 401

    def __init__(self, stream_name: str, digest: int) -> None:
        super().__init__(f"{stream_name}: Hotmart rejected the access token (401).")
        self.digest = digest


class UnknownMembersArea(HotmartError):
    """No members area has this subdomain."""


class QuotaUsedUp(HotmartError):
    """429 on a request that is not meant to wait for the quota."""


class BadRow(HotmartError):
    """A row that cannot become a record: it is no object, has no usable primary key, or could not be converted."""

    def __init__(self, stream_name: str, reason: str) -> None:
        super().__init__(f"{stream_name}: Hotmart sent a row {reason}.", FailureType.system_error)
        self.reason = reason
        """What is wrong with the row, such as "without a primary key". Never contains a value."""


class Unfit(Exception):
    """A value that cannot be converted to its declared type without loss."""

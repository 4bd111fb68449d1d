"""Decide what each response of Hotmart leads to, and word the error for the user."""

from __future__ import annotations

import logging
import re
from threading import Lock

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler, ErrorResolution, ResponseAction

from source_hotmart.api.decoding import UnexpectedBody, error_code
from source_hotmart.api.errors import (
    AccessDenied,
    HotmartError,
    QueryRefused,
    QuotaUsedUp,
    TokenRejected,
    UnknownMembersArea,
)
from source_hotmart.api.pages import (
    DEFAULT_LIMITS,
    MOST_ROWS,
    PAGE_SLOTS,
    Envelope,
    Limits,
    Page,
    TruncatedBody,
    read_body,
    too_late,
)
from source_hotmart.api.retries import (
    DEFAULT_RETRIES,
    FIREWALL_STATUSES,
    RETRY,
    RETRY_CONTRACT,
    SPLIT,
    STATUS_ACTIONS,
    RetryPolicy,
)
from source_hotmart.api.transport import ran_out_of_time

LOGGER = logging.getLogger("airbyte.hotmart")
HTTP_LOGGER = logging.getLogger("airbyte.hotmart.http")
"""The CDK's HTTP client logs headers and bodies at DEBUG, including the access token and buyers' data, so this
logger always stays at INFO.
"""
HTTP_LOGGER.setLevel(logging.INFO)


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


# The CDK logs a traceback when its retries end. The connector's own error says more.
HTTP_LOGGER.addFilter(_without_traceback)


_PAGE = "hotmart_page"
"""The attribute of a response that holds its page."""
_TUNNEL = re.compile(r"Tunnel connection failed: (4\d\d)\b")
"""The error of `http.client` when a proxy refuses to open a connection to Hotmart."""


class HotmartErrorHandler(ErrorHandler):
    """Interprets responses, and stores the page of a successful one on the response for `page_of`.

    It raises final failures itself, because the CDK's FAIL action logs bodies, which may hold buyers' data.
    """

    def __init__(
        self,
        stream_name: str,
        envelope: Envelope,
        retries: RetryPolicy = DEFAULT_RETRIES,
        limits: Limits = DEFAULT_LIMITS,
        *,
        splittable: bool = False,
        page_size: int | None = None,
    ) -> None:
        """Handle the responses of one stream.

        After a 408, 502, 504, 524 or a timeout the request is retried, unless the caller can request less: a shorter
        date range (`splittable`) or fewer rows than `page_size`, which is `None` for endpoints without pages.
        """
        self._stream_name = stream_name
        self._envelope = envelope
        self._retries = retries
        self._limits = limits
        self._page_size = page_size
        self._can_ask_for_less = splittable or page_size is not None
        self._first_repair = Lock()
        """Acquired by the thread that logs the first repaired page, and never released."""

    @property
    def max_retries(self) -> int:
        return self._retries.max_retries

    @property
    def max_time(self) -> int:
        return self._retries.max_time_s

    def interpret_response(self, response_or_exception: requests.Response | Exception | None) -> ErrorResolution:
        """Return the CDK's action for a response or a network failure.

        Raise a `HotmartError` if a retry cannot help.
        """
        if not isinstance(response_or_exception, requests.Response):
            return self._on_network_error(response_or_exception)
        response = response_or_exception
        is_page = False
        try:
            PAGE_SLOTS.wait_to_read()
            resolution = self._interpret(response, read_body(response, self._limits))
            is_page = resolution.response_action is ResponseAction.SUCCESS
            return resolution
        except TruncatedBody as cut:
            return self._resolution(SPLIT, f"Hotmart's response {cut}")
        finally:
            if not is_page:
                PAGE_SLOTS.put_back()  # the next attempt may be minutes away

    def _interpret(self, response: requests.Response, body: bytes) -> ErrorResolution:
        status = response.status_code
        if 200 <= status < 300:
            PAGE_SLOTS.wait_to_decode()
            return self._accept(response, body)
        if status in STATUS_ACTIONS or status >= 500:
            return self._on_passing_status(status)
        if status == 407:
            raise self._proxy_login()
        code = error_code(body)
        if status in FIREWALL_STATUSES and code is None:
            return self._blocked(status)
        if status == 401:
            self._reject_token(response)
        try:
            return self._on_final_status(status, code or "")
        except HotmartError as refusal:
            refusal.status, refusal.code = status, code or ""
            raise

    def _on_passing_status(self, status: int) -> ErrorResolution:
        other = (*RETRY, f"Hotmart, or a server on the way to it, had an error ({status})")
        action, failure_type, sentence = STATUS_ACTIONS.get(status, other)
        if action is ResponseAction.RATE_LIMITED and not self.max_retries:
            raise QuotaUsedUp(f"{self._stream_name}: {sentence}.")
        return self._resolution((action, failure_type), sentence)

    def _accept(self, response: requests.Response, body: bytes) -> ErrorResolution:
        """Store the page of a 2xx response. Retry if its body is anything else, which may be a temporary fault."""
        try:
            page = self._envelope.open(body)
        except UnexpectedBody as unreadable:
            outcome = RETRY_CONTRACT if unreadable.breaks_contract else RETRY
            return self._resolution(outcome, f"Hotmart sent {unreadable} instead of rows")
        if self._page_size is not None and len(page.rows) > MOST_ROWS * self._page_size:
            return self._resolution(RETRY_CONTRACT, "Hotmart sent a page with many more rows than were requested")
        if page.repaired and self._first_repair.acquire(blocking=False):
            LOGGER.warning(
                "%s: Hotmart sent invalid JSON (%s). The invalid values were replaced.",
                self._stream_name,
                page.repaired,
            )
        setattr(response, _PAGE, page)
        return ErrorResolution(ResponseAction.SUCCESS, None, None)

    def _reject_token(self, response: requests.Response) -> None:
        """Raise `TokenRejected`, so that the caller can try another token."""
        raise TokenRejected(self._stream_name, hash(response.request.headers.get("Authorization")))

    def _blocked(self, status: int) -> ErrorResolution:
        return self._resolution(RETRY, f"A firewall or proxy on the way to Hotmart rejected the request ({status})")

    def _proxy_login(self) -> HotmartError:
        return HotmartError(
            f"{self._stream_name}: The proxy on the way to Hotmart requires a user name and a password (407). Give "
            "both in the environment variable HTTPS_PROXY.",
            FailureType.config_error,
        )

    def _on_network_error(self, exception: Exception | None) -> ErrorResolution:
        """Return the action for a network failure. Its text is never used, since it may quote a URL with a secret."""
        if ran_out_of_time(exception):
            return self._resolution(SPLIT, f"Hotmart's response {too_late(self._limits)}")
        if isinstance(exception, requests.ReadTimeout):
            return self._resolution(SPLIT, f"Hotmart did not answer within {self._limits.read_s:g} seconds")
        if isinstance(exception, requests.exceptions.SSLError):
            raise HotmartError(
                f"{self._stream_name}: The secure connection to Hotmart could not be verified. Check the "
                "certificates on this machine, and any proxy between this machine and Hotmart.",
                FailureType.config_error,
            )
        if isinstance(exception, requests.exceptions.ProxyError) and (tunnel := _TUNNEL.search(str(exception))):
            if tunnel[1] == "407":
                raise self._proxy_login()
            return self._blocked(int(tunnel[1]))
        return self._resolution(RETRY, "Hotmart could not be reached")

    def _on_final_status(self, status: int, code: str) -> ErrorResolution:
        """Raise the error for a final status, with what to do about it, or return the action to take."""
        name = self._stream_name
        if status == 400 and code == "invalid_token":
            # Here this code refers to the page token, not to the access token, so the list must be read again.
            return self._resolution(
                (ResponseAction.RESET_PAGINATION, FailureType.transient_error),
                "Hotmart rejected its own page token (400 invalid_token)",
            )
        if status == 400:
            raise QueryRefused(f"{name}: Hotmart rejected the query (400 {code or 'without a code'}).")
        if status == 403:
            raise AccessDenied(
                f"{name}: These credentials have no permission to read this stream (403). Create a credential as the "
                "owner of the account, in Hotmart under Tools > Developer Credentials, or deselect this stream."
            )
        if 300 <= status < 400 or (status == 404 and code == "0006"):
            raise UnknownMembersArea(
                f"{name}: The request was redirected to another address ({status}), and the connector follows no "
                "redirects. Check any proxy between this machine and Hotmart.",
                FailureType.config_error,
            )
        raise HotmartError(
            f"{name}: Hotmart answered with an unexpected status ({f'{status} {code}'.rstrip()}). If this lasts, "
            "report it to Hotmart's support.",
            FailureType.system_error,
        )

    def _resolution(self, outcome: tuple[ResponseAction, FailureType], sentence: str) -> ErrorResolution:
        action, failure_type = RETRY if outcome == SPLIT and not self._can_ask_for_less else outcome
        return ErrorResolution(action, failure_type, f"{self._stream_name}: {sentence}.")


def page_of(response: requests.Response) -> Page:
    """Return the page that `HotmartErrorHandler` stored on a successful response."""
    page: Page = getattr(response, _PAGE)
    return page

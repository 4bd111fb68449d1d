"""Error responses in Hotmart's envelope (hotmart-api.md 2.4)."""

from typing import Any, Final

ERROR_CODES: Final = {
    400: "invalid_parameter",
    401: "invalid_token",
    403: "unauthorized_client",
    404: "not_found",
    405: "method_not_allowed",
    407: "proxy_authentication_required",
    408: "request_timeout",
    418: "i_am_a_teapot",
    422: "unprocessable_entity",
    425: "too_early",
    429: "too_many_requests",
    500: "internal_server_error",
    502: "internal_server_error",
    503: "service_unavailable",
    504: "gateway_timeout",
    524: "gateway_timeout",
}
ERROR_URI: Final = "https://developers.hotmart.com/docs/en/start/http-response-codes/"


def envelope(error: str, description: str) -> dict[str, Any]:
    """Return the usual body of an error."""
    return {"error": error, "error_description": description, "error_uri": ERROR_URI}


class Refusal(Exception):
    """A response other than 200. `document` replaces the usual envelope where an endpoint has its own."""

    def __init__(self, status: int, error: str, description: str, *, document: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status = status
        self.document = envelope(error, description) if document is None else document


class Elsewhere(Exception):
    """A page of the documentation instead of data: a redirect to it, or its HTML with status 200."""

    def __init__(self, *, redirected: bool) -> None:
        super().__init__("documentation")
        self.redirected = redirected


def wrong_parameter(name: str, reason: str) -> Refusal:
    return Refusal(400, "invalid_parameter", f"The parameter {name} is invalid: {reason}")


def wrong_value(name: str, reason: str) -> Refusal:
    return Refusal(400, "invalid_value_parameter", f"The value of the parameter {name} is invalid: {reason}")


def wrong_page_token() -> Refusal:
    return Refusal(400, "invalid_token", "The page_token is malformed or does not belong to this query")

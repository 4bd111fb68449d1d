"""Responses without data: HTML pages, a redirect, unknown paths, and errors with a body of their own."""

from typing import Final

from hotmart_simulator.server.endpoint import Answer
from hotmart_simulator.server.errors import Elsewhere, envelope
from hotmart_simulator.switches import Switches

DOCUMENTATION_PATH: Final = "/docs/en/"
CLUB: Final = "/club/api/"
# Wrong paths of the members area with an observed empty 200 (hotmart-api.md 2.4).
EMPTY_PATHS: Final = frozenset(("/club/api/v1/students", "/club/api/v1/pages"))
HTML: Final = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def html(title: str, status: int = 200) -> Answer:
    """Return a page of HTML."""
    return Answer(status=status, content=HTML.format(title).encode(), content_type="text/html;charset=UTF-8")


def redirect(location: str) -> Answer:
    """Return a 302 to a URL."""
    answer = html("Moved", 302)
    answer.headers.append(("Location", location))
    return answer


def too_many_requests(switches: Switches, reset_s: int) -> Answer:
    """Return a 429 with the documented body, with a common gateway's body, or without JSON (hotmart-api.md 2.3).

    `reset_s` is the number of seconds until the limit resets.
    """
    if switches.refusal_429 == "html":
        answer = html("Too many requests", 429)
    elif switches.refusal_429 == "message":
        answer = Answer(status=429, document={"message": "API rate limit exceeded"})
    else:
        answer = Answer(status=429, document=envelope("too_many_requests", "The rate limit is exceeded"))
    if switches.retry_after == "present":
        answer.headers.append(("Retry-After", str(reset_s)))
    return answer


def wrong_credential(switches: Switches) -> Answer:
    """Return a 401 to a login. Only the status is known, not the body (hotmart-api.md 1.3)."""
    if switches.wrong_secret == "no_json":
        return html("Unauthorized", 401)
    return Answer(status=401, document=envelope(switches.wrong_secret, "Bad client credentials"))


def unknown_path(path: str, switches: Switches) -> Answer:
    """Return an empty 200, or raise `Elsewhere` where the path redirects to the documentation (hotmart-api.md 2.4).

    By default the response is empty on paths that were seen empty, and on paths outside the members area.
    """
    seen_redirected = path.startswith(CLUB) and path not in EMPTY_PATHS
    if switches.unknown_path == "redirect" or (switches.unknown_path == "mixed" and seen_redirected):
        raise Elsewhere(redirected=True)
    return Answer()

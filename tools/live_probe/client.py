"""The calls of the probe: one login, then GET only, each query once, and never more calls than allowed."""

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from tools.live_probe.answer import Answer, Form, parse
from tools.live_probe.failure import OutOfCalls, ProbeFailed
from tools.live_probe.settings import Settings
from tools.live_probe.words import QUOTA_HEADERS

MAX_CALLS: Final = 60
"""Includes the login. Hotmart allows 500 calls per minute for all clients of an account (hotmart-api.md 2.3)."""
CONNECT_S: Final = 10
READ_S: Final = 60
TOTAL_S: Final = 120
MAX_BODY_BYTES: Final = 64 << 20
RETRIED: Final = frozenset({0, 429, 500, 503})
RETRY_WITHIN_S: Final = 10
"""A failure that took longer is not retried."""
RESERVE_CALLS: Final = 5
"""Number of calls of the rate limit to leave to other clients."""
MINUTE_S: Final = 60
REFUSED: Final = (
    "Hotmart rejected the Client ID and Client Secret. Copy all three values again from Hotmart: Tools > Developer "
    "Credentials. If they are right, check there whether the credential was deleted."
)

Query = Mapping[str, int | str | list[str]]


class Client:
    """Logs in once, sends GET calls, and keeps every answer for the questions that share it."""

    def __init__(self, settings: Settings, max_calls: int = MAX_CALLS) -> None:
        self.settings = settings
        self.max_calls = max_calls
        self.calls = 0
        self.token = ""
        self.token_life_s: int | None = None
        self.now_ms = 0
        """The time of the login by Hotmart's clock, in epoch milliseconds."""
        self.asked: list[tuple[str, Query, Answer]] = []
        """Path, query and response of every data call, in order. A retried call has only its last response."""
        self._kept: dict[tuple[str, str], Answer] = {}
        self._session = requests.Session()
        self._resume_s = 0.0

    def log_in(self) -> None:
        """Get an access token as documented (hotmart-api.md 1.1). Raise ProbeFailed where there is none."""
        settings = self.settings
        query = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
        }
        dates: list[str] = []

        def post() -> Answer:
            url = f"{settings.login_url}/security/oauth/token"
            return self._send("POST", url, query, f"Basic {settings.basic}", dates)

        try:
            answer = self._retried(post)
        except OutOfCalls:
            raise ProbeFailed("give at least one call, for the login") from None
        if answer.status in (400, 401, 403):
            raise ProbeFailed(REFUSED)
        token = answer.value("access_token")
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise ProbeFailed(f"the login failed: {answer.says}. Check the network, and try again in a few minutes.")
        self.token = token
        life_s = answer.value("expires_in")
        self.token_life_s = life_s if type(life_s) is int else None
        try:
            self.now_ms = int(parsedate_to_datetime(dates[-1]).timestamp()) * 1000
        except (IndexError, TypeError, ValueError):
            self.now_ms = int(time.time()) * 1000

    def get(self, path: str, query: Query) -> Answer:
        """Return the answer to a query, from memory if it was asked before.

        A failure that may pass is retried once. Raise OutOfCalls where no call is left.
        """
        key = path, repr(sorted(query.items()))
        if key not in self._kept:
            url = f"{self.settings.api_url}/{path}"
            self._kept[key] = self._retried(lambda: self._send("GET", url, query, f"Bearer {self.token}"))
            self.asked.append((path, query, self._kept[key]))
        return self._kept[key]

    def _retried(self, send: Callable[[], Answer]) -> Answer:
        answer = send()
        if answer.status in RETRIED and answer.seconds < RETRY_WITHIN_S:
            time.sleep(_wait_s(answer) if answer.status == 429 else 1)
            answer = send()
        return answer

    def _send(self, method: str, url: str, query: Query, authorization: str, dates: list[str] | None = None) -> Answer:
        if self.calls >= self.max_calls:
            raise OutOfCalls
        time.sleep(max(0.0, self._resume_s - time.monotonic()))
        self.calls += 1
        began_s = time.monotonic()
        try:
            with self._session.request(
                method,
                url,
                params=query,
                auth=_Authorization(authorization),
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as response:
                quota = {name: response.headers[name] for name in QUOTA_HEADERS if name in response.headers}
                if dates is not None and "Date" in response.headers:
                    dates.append(response.headers["Date"])
                body = _body(response, began_s + TOTAL_S)
        except (OSError, HTTPError):  # the exception's text may quote the address, which holds the secret at the login
            return Answer(0, seconds=time.monotonic() - began_s)
        seconds = time.monotonic() - began_s
        form, document = (Form.NOTHING, None) if body is None else parse(body)
        answer = Answer(0 if body is None else response.status_code, form, document, seconds, quota)
        left = _number(quota, "RateLimit-Remaining", "X-RateLimit-Remaining-Minute")
        if left is not None and left <= RESERVE_CALLS:
            self._resume_s = time.monotonic() + _wait_s(answer)
        return answer


class _Authorization(AuthBase):
    """Set the header. An object is used so that no `.netrc` can replace the credential."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _body(response: requests.Response, deadline_s: float) -> bytes | None:
    """Return the decoded body, or None where it is too large or too late."""
    chunks, size = [], 0
    for chunk in response.iter_content(1 << 16):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES or time.monotonic() > deadline_s:
            return None
    return b"".join(chunks)


def _wait_s(answer: Answer) -> float:
    """Return the seconds until the limit resets, or a minute without such a header (hotmart-api.md 2.3)."""
    reset_s = _number(answer.quota, "RateLimit-Reset", "Retry-After")
    return reset_s + 1 if reset_s is not None and reset_s <= MINUTE_S else MINUTE_S + 1


def _number(headers: Mapping[str, str], *names: str) -> int | None:
    return next((int(headers[name]) for name in names if headers.get(name, "").isdecimal()), None)

"""The calls of the probe: GET only, each query once, and never more of them than allowed."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import requests

from integration_tests.live.answer import Answer, Form, open_answer
from integration_tests.live.failure import OutOfCalls
from source_hotmart.answers import DEFAULT_BOUNDS
from source_hotmart.auth import HotmartAuthenticator
from source_hotmart.budget import CallBudget
from source_hotmart.config import Config
from source_hotmart.patience import IMPATIENT
from source_hotmart.reach import Gate

MAX_CALLS: Final = 60
"""Logins included; a small part of the 500 calls a minute that all clients of an account share."""
WORTH_ANOTHER_TRY: Final = frozenset({0, 429, 500, 503})
PATIENCE_S: Final = 10

Query = Mapping[str, int | str | list[str]]


class Probe:
    """Reads by the connector's own login and quota, and keeps every answer for the questions that share it."""

    def __init__(self, config: Config, max_calls: int = MAX_CALLS) -> None:
        self.max_calls = max_calls
        self.calls = 0
        self.login = HotmartAuthenticator(config, IMPATIENT)
        self._url = config.api_url
        self._budget = CallBudget()
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, Gate("GET", f"{self._url}/"))
        self._header: dict[str, str] = {}
        self._answers: dict[tuple[str, str], Answer] = {}

    @property
    def answers(self) -> list[Answer]:
        """All that were given so far."""
        return list(self._answers.values())

    def log_in(self) -> None:
        """Have a token that is good for the next call. Raises `HotmartError` when none can be had."""
        self._make_room()
        header = self.login.get_auth_header()
        if header != self._header:
            self.calls += 1
            self._header = header

    def get(self, path: str, query: Query) -> Answer:
        """The answer to a query, from memory when it was asked before.

        A failure that may pass is tried once more, unless it took long. Raises `OutOfCalls`, or `HotmartError` when
        the login fails.
        """
        key = path, repr(sorted(query.items()))
        if key not in self._answers:
            answer = self._send(path, query)
            if answer.status in WORTH_ANOTHER_TRY and answer.seconds < PATIENCE_S:
                time.sleep(1)
                answer = self._send(path, query)
            self._answers[key] = answer
        return self._answers[key]

    def _send(self, path: str, query: Query) -> Answer:
        self.log_in()
        self._make_room()
        call = requests.Request("GET", f"{self._url}/{path}", params=query, auth=self.login)
        request = self._session.prepare_request(call)
        environment = self._session.merge_environment_settings(request.url, {}, True, None, None)
        self._budget.acquire_call(request)
        self.calls += 1
        bounds, began_s = DEFAULT_BOUNDS, time.monotonic()
        try:
            response = self._session.send(
                request,
                timeout=(bounds.connect_s, bounds.read_s),
                allow_redirects=False,
                **environment,
            )
        except requests.RequestException:  # whose text may quote the address
            return Answer(0, Form.NOTHING, seconds=time.monotonic() - began_s)
        self._budget.update_from_response(request, response)
        answer = open_answer(response, bounds, 0.0)
        return replace(answer, seconds=time.monotonic() - began_s)

    def _make_room(self) -> None:
        if self.calls >= self.max_calls:
            raise OutOfCalls

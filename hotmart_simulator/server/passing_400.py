"""Temporary errors: 400 for a valid call, while a repetition succeeds (2.2, 0.5)."""

from threading import Lock
from typing import Final

from hotmart_simulator.common.random_source import scatter, seed_of
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.request_log import Call

ONE_IN: Final = 12
REST_CALLS: Final = 200


class PassingRefusals:
    """Reject about one data call in twelve by its number, but never the same call twice in a row. Thread-safe.

    Clients make the same call from several threads, and each must succeed when it repeats it. So a rejected call
    passes for the next 200 calls, and at least once.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed_of(seed, "passing refusals")
        self._lock = Lock()
        self._calls = 0
        self._refused: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}
        """The number of the call at its last rejection."""

    def check(self, call: Call) -> None:
        """Count a call. Raise `Refusal` on its turn, unless the same call was rejected lately."""
        query = (call.path, tuple(call.query))
        with self._lock:
            self._calls += 1
            if query in self._refused:
                if self._calls - self._refused[query] >= REST_CALLS:
                    del self._refused[query]
                return
            if scatter(self._seed + self._calls) % ONE_IN:
                return
            self._refused[query] = self._calls
        raise Refusal(400, "invalid_parameter", "The request has an invalid parameter")

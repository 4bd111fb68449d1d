"""The quota: used fully, shared by all threads and never exceeded, on a clock that skips waiting times."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Callable
from threading import Lock, Thread

import pytest
import requests
from airbyte_cdk.sources.streams.call_rate import APIBudget
from pytest_mock import MockerFixture

from source_hotmart.api.rate_limit import BURST_CALLS, CallBudget, Line, LineBudget
from tools.clock import VirtualClock
from tools.sample import sample

MINUTE_S = 60
REQUEST = requests.Request("GET", "https://developers.hotmart.com/products/api/v1/products").prepare()
Headers = dict[str, str]


class StageClock:
    """A clock for concurrent threads: when all sleep, time jumps to the next wake-up.

    Only one thread runs at a time, so that every run is the same.
    """

    def __init__(self, actors: int, now_s: float = 1_000_000.0) -> None:
        self.now_s = now_s
        self._awake = actors
        self._asleep: list[tuple[float, int, Lock]] = []
        self._numbers = itertools.count()
        self._lock = Lock()

    def time(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        turn = Lock()  # far cheaper than an Event
        turn.acquire()
        with self._lock:
            heapq.heappush(self._asleep, (self.now_s + max(seconds, 0), next(self._numbers), turn))
            self._leave()
        turn.acquire()

    def end(self) -> None:
        """Remove this thread from the clock, so that no other waits for it."""
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        self._awake -= 1
        if self._awake == 0 and self._asleep:
            self.now_s, _, turn = heapq.heappop(self._asleep)
            self._awake = 1
            turn.release()


class Gateway:
    """Counts requests in its own fixed minutes, which begin `phase_s` before the clock's minutes."""

    def __init__(
        self,
        now: Callable[[], float],
        limit: int = 500,
        phase_s: float = 0,
        others: Callable[[int, float], int] = lambda minute, into_s: 0,
    ) -> None:
        self._now = now
        self.limit = limit
        self._phase_s = phase_s
        self._others = others
        self.answered: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()
        self.calls_of: Counter[type] = Counter()

    def answer(self) -> requests.Response:
        minute, into_s = divmod(self._now() + self._phase_s, MINUTE_S)
        used = self.answered[int(minute)] + self._others(int(minute), into_s)
        is_over = used >= self.limit
        (self.refused if is_over else self.answered)[int(minute)] += 1
        remaining = 0 if is_over else self.limit - used - 1
        return response(
            429 if is_over else 200,
            {
                "RateLimit-Limit": str(self.limit),
                "RateLimit-Remaining": str(remaining),
                "RateLimit-Reset": str(max(1, math.ceil(MINUTE_S - into_s))),
            },
        )

    @property
    def full_minutes(self) -> list[int]:
        """Return the requests of each full minute between the first and the last."""
        minutes = sorted(self.answered)
        return [self.answered[minute] for minute in range(minutes[0] + 1, minutes[-1])]


def request() -> requests.PreparedRequest:
    return REQUEST.copy()


def response(status: int = 200, headers: Headers | None = None) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.headers.update(headers or {})
    return made


def call(budget: CallBudget, headers: Headers | None = None, status: int = 200) -> None:
    """Make a request that is answered at once."""
    sent = request()
    budget.acquire_call(sent)
    budget.update_from_response(sent, response(status, headers))


def run_side_by_side(
    mocker: MockerFixture,
    make_gateway: Callable[[StageClock], Gateway],
    *,
    minutes: float,
    workers: int,
    latency_s: float,
    chains: int = 0,
    per_parent: int = 0,
) -> Gateway:
    """Make as many requests as the budget allows, from several threads for some minutes. Some wait in own queues."""
    clock = StageClock(workers)
    mocker.patch("time.monotonic", clock.time)
    mocker.patch("time.sleep", clock.sleep)
    gateway, budget = make_gateway(clock), CallBudget()
    end_s = clock.now_s + minutes * MINUTE_S
    failures: list[BaseException] = []

    def work(place: APIBudget) -> None:
        try:
            clock.sleep(0)
            while clock.now_s < end_s:
                sent = request()
                place.acquire_call(sent)
                gateway.calls_of[type(place)] += 1
                clock.sleep(latency_s / 2)
                answer = gateway.answer()
                clock.sleep(latency_s / 2)
                place.update_from_response(sent, answer)
        except BaseException as failure:
            failures.append(failure)
        finally:
            clock.end()

    places: list[APIBudget] = [
        *[LineBudget(budget, Line.SEQUENTIAL)] * chains,
        *[LineBudget(budget, Line.PER_PARENT)] * per_parent,
        *[budget] * (workers - chains - per_parent),
    ]
    threads = [Thread(target=work, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    return gateway


@pytest.mark.parametrize("phase_s", sample([0, 1, 17, 30, 59.9, 59], 2))
@pytest.mark.parametrize(("workers", "latency_s"), [(1, 0.05), (16, 0.3), (32, 2.0)])
def test_the_full_quota_is_used_without_a_rejected_request(mocker, phase_s, workers, latency_s):
    gateway = run_side_by_side(
        mocker,
        lambda clock: Gateway(clock.time, phase_s=phase_s),
        minutes=5,
        workers=workers,
        latency_s=latency_s,
    )

    assert gateway.refused.total() == 0
    assert len(gateway.full_minutes) >= 4
    assert min(gateway.full_minutes) >= 0.95 * 500


@pytest.mark.parametrize("phase_s", sample([25, 0, 55], 3))
@pytest.mark.parametrize("limit", [60, 100, 300, 1_000])
def test_a_different_limit_is_learned_from_the_first_responses(mocker, phase_s, limit):
    gateway = run_side_by_side(
        mocker,
        lambda clock: Gateway(clock.time, limit=limit, phase_s=phase_s),
        minutes=5,
        workers=16,
        latency_s=0.3,
    )

    assert gateway.refused.total() <= 1
    assert max(gateway.answered.values()) <= limit
    assert min(gateway.full_minutes) >= 0.95 * limit


@pytest.mark.parametrize("phase_s", sample([25, 0, 55], 3))
@pytest.mark.parametrize("limit", [500, 100])
@pytest.mark.parametrize(
    ("others_share", "least_used"),
    [
        (lambda minute, into_s: 0.6, 0.85),
        (lambda minute, into_s: 0.8 if minute % 2 else 0, 0.75),
        (lambda minute, into_s: into_s / 120, 0.85),
        (lambda minute, into_s: into_s // 15 / 6, 0.7),
        (lambda minute, into_s: into_s / 120 if minute % 3 else 0.1, 0.75),
    ],
    ids=["at once", "every other minute", "evenly", "in bursts", "unevenly"],
)
def test_the_budget_leaves_room_for_requests_of_another_client(mocker, phase_s, limit, others_share, least_used):
    def others(minute: int, into_s: float) -> int:
        return int(limit * others_share(minute, into_s))

    gateway = run_side_by_side(
        mocker,
        lambda clock: Gateway(clock.time, limit=limit, phase_s=phase_s, others=others),
        minutes=6,
        workers=16,
        latency_s=0.3,
    )

    calls = gateway.answered.total() + gateway.refused.total()
    assert gateway.refused.total() <= max(1, 0.001 * calls)  # the first burst is unpredictable
    left = sum(limit - others(minute, MINUTE_S) for minute in sorted(gateway.answered)[1:-1])
    assert sum(gateway.full_minutes) >= least_used * left


def test_a_sequential_stream_is_slowed_mainly_by_its_own_latency(mocker):
    gateway = run_side_by_side(
        mocker, lambda clock: Gateway(clock.time), minutes=5, workers=16, latency_s=0.6, chains=1
    )

    calls_without_any_wait = 5 * MINUTE_S / 0.6
    assert gateway.calls_of[LineBudget] >= 0.7 * calls_without_any_wait
    assert gateway.refused.total() == 0
    assert min(gateway.full_minutes) >= 0.95 * 500


def test_sequential_streams_leave_half_of_the_quota_to_others(mocker):
    gateway = run_side_by_side(
        mocker, lambda clock: Gateway(clock.time), minutes=5, workers=16, latency_s=0.3, chains=8
    )

    assert gateway.calls_of[CallBudget] >= 0.45 * gateway.calls_of.total()
    assert min(gateway.full_minutes) >= 0.95 * 500


@pytest.mark.parametrize("latency_s", [0.3, 1.5])
def test_per_parent_requests_use_a_small_share_beside_other_requests(mocker, latency_s):
    gateway = run_side_by_side(
        mocker, lambda clock: Gateway(clock.time), minutes=5, workers=32, latency_s=latency_s, per_parent=16
    )

    share = gateway.calls_of[LineBudget] / gateway.calls_of.total()
    assert 0.05 <= share <= 0.2
    assert gateway.refused.total() == 0
    assert min(gateway.full_minutes) >= 0.95 * 500


def test_per_parent_requests_use_the_remaining_quota(mocker):
    gateway = run_side_by_side(
        mocker, lambda clock: Gateway(clock.time), minutes=5, workers=9, latency_s=1.5, per_parent=8
    )

    # One thread of the others makes 40 requests per minute, eight threads have room for 320.
    assert gateway.calls_of[CallBudget] >= 0.9 * 5 * 40
    assert gateway.calls_of[LineBudget] >= 0.9 * 5 * 320


def test_per_parent_requests_leave_the_initial_burst_to_others(clock: VirtualClock):
    budget = CallBudget()
    per_parent = LineBudget(budget, Line.PER_PARENT)
    call(budget)
    for _ in range(10):
        sent = request()
        per_parent.acquire_call(sent)
        per_parent.update_from_response(sent, response(200))
    assert sum(clock.slept_s) > 0.5

    clock.slept_s.clear()
    for _ in range(BURST_CALLS - 15):
        call(budget)
    assert clock.slept_s == []


def test_a_small_sync_of_per_parent_requests_does_not_wait(clock: VirtualClock):
    per_parent = LineBudget(CallBudget(), Line.PER_PARENT)
    for _ in range(BURST_CALLS):
        sent = request()
        per_parent.acquire_call(sent)
        per_parent.update_from_response(sent, response(200))

    assert clock.slept_s == []


def test_an_initial_burst_is_followed_by_an_even_pace(clock: VirtualClock):
    budget = CallBudget(limit=500)
    gateway = Gateway(clock.time, limit=500)
    times_s = []
    for _ in range(490):
        sent = request()
        budget.acquire_call(sent)
        times_s.append(clock.time())
        budget.update_from_response(sent, gateway.answer())

    start_s = times_s[0]
    assert [time_s - start_s for time_s in times_s[:BURST_CALLS]] == [0] * BURST_CALLS
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(times_s[BURST_CALLS:])]
    assert max(gaps_s) < 2 * MINUTE_S / 400
    assert 0.9 * MINUTE_S < times_s[-1] - start_s <= MINUTE_S


def test_a_small_sync_does_not_wait(clock: VirtualClock):
    budget = CallBudget()

    for _ in range(BURST_CALLS):
        call(budget)

    assert clock.slept_s == []


def test_the_limit_is_kept_without_rate_limit_headers(clock: VirtualClock):
    budget = CallBudget(limit=500)
    start_s = clock.time()

    minutes: Counter[int] = Counter()
    for _ in range(2_000):
        call(budget)
        minutes[int((clock.time() - start_s) // MINUTE_S)] += 1

    assert max(minutes.values()) <= 500
    assert min(list(minutes.values())[:-1]) >= 0.95 * 500


@pytest.mark.parametrize("reset_s", [1, 37, 60])
def test_the_budget_waits_for_the_reset_after_a_429(clock: VirtualClock, reset_s):
    budget = CallBudget()
    call(budget, {"RateLimit-Reset": str(reset_s)}, status=429)

    call(budget)

    assert reset_s <= sum(clock.slept_s) <= reset_s + 1


@pytest.mark.parametrize(
    "headers",
    [{"RateLimit-Remaining": "0", "RateLimit-Reset": "20"}, {"X-RateLimit-Remaining-Minute": "0", "Retry-After": "20"}],
)
def test_the_budget_waits_for_the_reset_when_no_requests_remain(clock: VirtualClock, headers):
    budget = CallBudget()
    call(budget, headers)

    call(budget)

    assert 20 <= sum(clock.slept_s) <= 21


def test_header_names_are_case_insensitive(clock: VirtualClock):
    budget = CallBudget()
    call(budget, {"ratelimit-remaining": "0", "RATELIMIT-RESET": "20"})

    call(budget)

    assert 20 <= sum(clock.slept_s) <= 21


def test_a_429_without_headers_waits_at_most_a_minute(clock: VirtualClock):
    budget = CallBudget()
    call(budget, status=429)

    call(budget)

    assert 0 < sum(clock.slept_s) <= MINUTE_S


GARBAGE = ["", " ", "abc", "-1", "NaN", "inf", "-inf", "1e400", "0x10", "500;w=60", "500, 500", "1_000", "3600"]


@pytest.mark.parametrize("header", ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"])
@pytest.mark.parametrize("value", GARBAGE, ids=repr)
@pytest.mark.parametrize("status", [200, 429])
def test_an_invalid_header_neither_raises_nor_stalls(clock: VirtualClock, header, value, status):
    budget = CallBudget()
    call(budget, {header: value}, status=status)

    for _ in range(10):
        call(budget)

    assert sum(clock.slept_s) <= MINUTE_S


@pytest.mark.parametrize("value", GARBAGE, ids=repr)
def test_an_invalid_header_does_not_hide_the_others(clock: VirtualClock, value):
    budget = CallBudget()
    call(budget, {"RateLimit-Limit": value, "RateLimit-Remaining": "0", "RateLimit-Reset": "20"})

    call(budget)

    assert 20 <= sum(clock.slept_s) <= 21


def test_an_increase_of_remaining_within_a_minute_is_ignored(clock: VirtualClock):
    budget = CallBudget()
    call(budget, {"RateLimit-Remaining": "10", "RateLimit-Reset": "30"})
    call(budget, {"RateLimit-Remaining": "400", "RateLimit-Reset": "30"})

    for _ in range(12):
        call(budget)

    assert sum(clock.slept_s) >= 30


def test_a_late_response_does_not_affect_the_current_minute(clock: VirtualClock):
    budget = CallBudget()
    late = request()
    budget.acquire_call(late)
    clock.advance(seconds=61)
    call(budget)

    budget.update_from_response(late, response(200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "60"}))
    call(budget)

    assert clock.slept_s == []


def test_unanswered_requests_do_not_block_later_minutes(clock: VirtualClock, mocker: MockerFixture):
    budget = CallBudget(limit=100)
    lost = [request() for _ in range(150)]
    turns = iter(range(2_000))

    def sleep(seconds: float) -> None:
        assert next(turns, None) is not None, "it waits for ever"
        clock.sleep(seconds)

    mocker.patch("time.sleep", sleep)
    for never_answered in lost:
        budget.acquire_call(never_answered)

    assert sum(clock.slept_s) <= 3 * MINUTE_S


def test_a_retried_request_is_counted_once(clock: VirtualClock):
    budget = CallBudget(limit=100)
    repeated = request()
    for _ in range(15):
        budget.acquire_call(repeated)

    assert clock.slept_s == []
    budget.update_from_response(repeated, response(200, {"RateLimit-Remaining": "99"}))

"""A machine whose clock differs from Hotmart's. Hotmart rejects future dates and has rows up to its own time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from tools.harness import NOW_MS, Connector, Run, VirtualClock, loaded, switches
from tools.rows import difference

CHARGES = "subscription_transactions"
Apart = Callable[..., AbstractContextManager[Connector]]
"""Arguments: seconds, and the maximum page size if it differs from Hotmart's."""


@pytest.fixture
def apart(world: World, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apart:
    """Return a factory for a connector whose clock is this many seconds ahead of Hotmart's. Both clocks advance
    together."""

    @contextmanager
    def make(ahead_s: float, page_cap: int | None = None) -> Iterator[Connector]:
        clock.advance(seconds=ahead_s)
        with Simulator(
            world,
            switches(page_cap=page_cap),
            clock=lambda: clock.time() - ahead_s,
            follow_clock=True,
        ) as hotmart:
            yield Connector(hotmart, tmp_path, monkeypatch.setenv)

    return make


@pytest.mark.parametrize("ahead_s", [0.3, 1, 8, 90, 86_400])
def test_a_clock_that_is_ahead_loses_no_row(apart, world, ahead_s):
    with apart(ahead_s) as connector:
        run = connector.read(["sales_history", "sales_summary", CHARGES])

    assert run.exit_code == 0, run.sentences
    for stream in ("sales_history", "sales_summary", CHARGES):
        assert not difference(stream, world.expected(stream), run.records(stream))
    assert (f"clock is {ahead_s} seconds ahead of Hotmart's" in run.logs) == (ahead_s > 2)
    assert run.state["sales_history"]["slices"][-1]["end"] == "2026-01-01T00:00:00.000Z"
    assert not [call for call in connector.simulator.calls if call.status == 400]


TOKEN = "/security/oauth/token"
MINUTE_MS = 60_000
DATED = ["sales_history", "sales_users", CHARGES, "subscriptions", "subscription_purchases"]
ABSURD = [
    "Thu, 01 Jan 2026 00:00:00 +99999999999999999999",
    "Thu, 01 Jan 2026 00:00:00 +9999",
    "Thu, 01 Jan 99999999999 00:00:00 GMT",
    "yesterday",
    "",
]


def times_in(state: Any) -> Iterator[str]:
    """Return every time in a state."""
    if isinstance(state, str):
        if re.match(r"\d{4}-\d\d-\d\dT", state):
            yield state
    elif isinstance(state, Mapping):
        for value in state.values():
            yield from times_in(value)
    elif isinstance(state, list):
        for value in state:
            yield from times_in(value)


def latest_ms(run: Run) -> float:
    """Return the latest time in the states of a sync, in epoch milliseconds."""
    return max(datetime.fromisoformat(text).timestamp() * 1000 for text in times_in(run.state))


def assert_whole(run: Run, world: World) -> None:
    assert run.exit_code == 0, run.sentences
    for stream in DATED:
        assert not difference(stream, world.expected(stream), run.records(stream), after_increments=True)


@pytest.mark.parametrize("seconds", [11 * 60, 86_400, 30 * 365 * 86_400, 7_900 * 365 * 86_400])
def test_a_login_dated_in_the_future_moves_no_state_ahead(connector, world, clock, seconds):
    late = connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=seconds, times=None))

    first = connector.read(DATED)
    clock.advance(days=1)
    second = connector.read(DATED, state=first.state)

    assert late.fired >= 2
    assert_whole(first, world)
    for run, now_ms in ((first, NOW_MS), (second, clock.now_ms)):
        assert run.exit_code == 0, run.sentences
        assert latest_ms(run) <= now_ms
        assert f"login response is {seconds} seconds ahead of this machine's clock" in run.logs
    assert not [call for call in connector.simulator.calls if call.status == 400]


@pytest.mark.parametrize("seconds", [5, 9 * 60])
def test_a_login_dated_slightly_later_is_accepted(connector, world, seconds):
    connector.simulator.switches = switches(future_end_date="accept")
    connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=seconds, times=None))

    run = connector.read(DATED)

    assert_whole(run, world)
    assert NOW_MS < latest_ms(run) <= NOW_MS + 10 * MINUTE_MS


@pytest.mark.parametrize("days", [3, 1_000, 20_000])
def test_a_login_dated_days_earlier_fails_the_sync(connector, days):
    first = connector.read(DATED)
    connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=-days * 86_400, times=None))

    run = connector.read(DATED, state=first.state)
    check = connector.run("check").connection_status

    sentence = (
        f"The time in Hotmart's login response is {days:,} days behind this machine's clock. Set the clock if it is "
        "wrong."
    )
    assert run.exit_code == 1
    assert set(run.statuses.values()) == {"INCOMPLETE"}
    assert {error["failure_type"] for error in run.errors} == {"transient_error"}
    assert sentence in run.sentences
    assert check["status"] == "FAILED"
    assert sentence in check["message"]


def test_a_single_early_login_date_is_requested_again(connector, world):
    early = connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=-3 * 365 * 86_400))

    run = connector.read(DATED)

    assert early.fired == 1
    assert_whole(run, world)


@pytest.mark.parametrize("value", [-3 * 365 * 86_400, 30 * 365 * 86_400])
def test_an_odd_date_of_a_later_login_does_not_affect_the_sync(connector, world, clock, value):
    connector.simulator.switches = switches(token_life_s=600, page_cap=5)
    connector.simulator.before_call = lambda call: clock.advance(seconds=20)
    connector.config["num_workers"] = 1
    odd = connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=value, nth=2, times=None))

    run = connector.read([CHARGES], full_refresh=True)

    assert odd.fired >= 1
    assert run.exit_code == 0, run.sentences
    assert not difference(CHARGES, world.expected(CHARGES), run.records(CHARGES))


@pytest.mark.parametrize("text", ABSURD)
def test_an_unreadable_login_date_is_ignored(connector, world, text):
    connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=text, times=None))

    run = connector.read(DATED)

    assert_whole(run, world)
    assert latest_ms(run) <= NOW_MS


@pytest.mark.parametrize("zone", ["-0000", "+0000", "UTC", "GMT"])
def test_every_name_of_utc_is_parsed_in_another_time_zone(connector, monkeypatch, zone):
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    connector.simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=f"Thu, 01 Jan 2026 00:00:00 {zone}"))

    run = connector.read(["sales_history"])

    assert "clock" not in run.logs
    assert latest_ms(run) == NOW_MS


@pytest.fixture(autouse=True)
def own_zone() -> Iterator[None]:
    """Restore the time zone after the environment is restored."""
    yield
    time.tzset()


@pytest.mark.parametrize("ahead_s", [0.3, 1, 300])
def test_check_succeeds_with_a_clock_that_is_ahead(apart, ahead_s):
    with apart(ahead_s) as connector:
        run = connector.run("check")

    assert run.connection_status["status"] == "SUCCEEDED"


def test_a_correct_clock_is_used_unchanged(connector: Connector, clock: VirtualClock) -> None:
    run = connector.read(["products", "sales_history"])

    assert "clock" not in run.logs
    assert run.state["sales_history"]["slices"][-1]["end"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("ahead_s", [-5, -300])
def test_changes_after_the_time_of_a_late_clock_are_read(apart, world, ahead_s):
    world.change_status(5, ("APPROVED", "COMPLETE"), "REFUNDED", NOW_MS - 1_000, seed=3)
    with apart(ahead_s) as connector:
        run = connector.read([CHARGES], full_refresh=True)

    assert not difference(CHARGES, world.expected(CHARGES), run.records(CHARGES))
    assert f"clock is {-ahead_s} seconds behind Hotmart's" in run.logs
    assert run.records(CHARGES)


@pytest.mark.parametrize("ahead_s", [0, 300, -30])
def test_charges_updated_between_pages_are_read_with_a_wrong_clock(apart, world, clock, ahead_s):
    with apart(ahead_s, page_cap=20) as connector:
        pages = []

        def updates_on_the_third_page(call: Call) -> None:
            if call.path.endswith("/subscriptions/transactions") and call.get("page_token"):
                pages.append(call)
                if len(pages) == 3:
                    clock.advance(seconds=1)
                    world.change_status(40, ("APPROVED", "COMPLETE"), "REFUNDED", NOW_MS + 1_000, seed=3)
                    clock.advance(seconds=1)

        connector.simulator.before_call = updates_on_the_third_page
        connector.config["num_workers"] = 1
        first = connector.read([CHARGES])
        connector.simulator.before_call = None
        clock.advance(days=1)
        second = connector.read([CHARGES], state=first.state)

    rows = loaded(first, second).rows[CHARGES].values()
    assert not difference(CHARGES, world.expected(CHARGES), rows, after_increments=True)

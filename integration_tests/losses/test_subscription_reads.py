"""How all subscriptions and charges are found, and the number of requests it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.losses.reads import CHARGES, DAY_MS, complete, tiny_world, warnings
from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.config.form import Config
from source_hotmart.streams.api import Api
from source_hotmart.streams.subscriptions import SubscriptionTransactions
from tools.harness import NOW_MS, Connector, switches
from tools.rows import difference

SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
STREAMS = ["subscriptions", "subscription_summary"]
DEFAULTS = {
    "subscriptions_by_default": "active",
    "next_charge_default": "from_now",
    "cancellation_default": "last_30_days",
}
SOME = [{name: DEFAULTS[name] for name in DEFAULTS if name != left_out} for left_out in ("", *DEFAULTS)]
TOTALS = [
    {"totals": "nowhere"},
    {"totals_count": "page"},
    {"totals_count": "capped"},
    {"max_subscription_window_days": 730},
]
FILTERS = ("order_date", "approved_date", "adoption_date", "recurrency_start", "cancellation_date")


@pytest.fixture
def world() -> World:
    """Subscriptions of every status, with charges of several years."""
    return tiny_world(sales=300, subscriptions=60)


@pytest.fixture
def stream(connector: Connector, hotmart: Simulator) -> Iterator[SubscriptionTransactions]:
    """Return the stream of charges, to run its checks without a sync."""
    config = Config.from_mapping(connector.config)
    yield SubscriptionTransactions(Api(config, HotmartAuthenticator(config), now_ms=NOW_MS))


def calls(hotmart: Simulator) -> Counter[str]:
    """Return the number of requests per address."""
    return Counter(call.path for call in hotmart.calls)


@pytest.mark.parametrize("totals", TOTALS, ids=str)
@pytest.mark.parametrize("sides", SOME, ids="+".join)
def test_subscriptions_hidden_by_several_default_filters_are_synced(
    connector: Connector, hotmart: Simulator, world: World, sides: dict[str, Any], totals: dict[str, Any]
) -> None:
    """Two or three filters apply by default, and the totals of a page or of part of the list are missing."""
    hotmart.switches = switches(**sides, **totals)

    complete(connector.read(STREAMS), world, *STREAMS)


def test_detecting_hidden_subscriptions_needs_five_requests_per_sync(connector: Connector, hotmart: Simulator) -> None:
    """Nothing is hidden. All subscription streams share the result."""
    connector.read(STREAMS)

    assert calls(hotmart)[SUBSCRIPTIONS] == 1 + 5
    assert calls(hotmart)[f"{SUBSCRIPTIONS}/summary"] == 1


def test_a_default_next_charge_filter_gives_a_warning(connector: Connector, hotmart: Simulator) -> None:
    """No request lists a subscription without that date, so its purchases cannot be read either."""
    hotmart.switches = switches(next_charge_default="from_now")

    run = connector.read(["subscription_purchases"])

    assert warnings(run, "subscription_purchases")


def test_a_rejected_preflight_request_gives_a_warning(connector: Connector, hotmart: Simulator, world: World) -> None:
    """Hotmart rejects the cancellation dates as a filter."""
    hotmart.add_fault(
        Fault(kind=400, path=SUBSCRIPTIONS, times=None, where=lambda call: call.get("cancelation_date") is not None)
    )

    run = connector.read(STREAMS)

    complete(run, world, *STREAMS)
    assert all(warnings(run, stream) for stream in STREAMS)


def test_parts_without_active_subscriptions_fail_the_stream(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """A date range ends at the cancellation, and the whole list is too heavy."""
    hotmart.switches = switches(end_accession_filters="cancellation")
    hotmart.add_fault(
        Fault(
            kind=502,
            path=SUBSCRIPTIONS,
            times=None,
            where=lambda call: (
                call.get("max_results") != "1"
                and call.get("end_accession_date") is None
                and int(call.get("accession_date") or 0) < NOW_MS - 300 * DAY_MS
            ),
        )
    )

    run = connector.read(["subscriptions"])

    assert run.statuses["subscriptions"] == "INCOMPLETE"
    assert "cannot answer the whole list in one query" in run.sentences
    assert difference("subscriptions", world.expected("subscriptions"), run.records("subscriptions")).lost


def test_subscribers_with_changed_charges_are_found(
    stream: SubscriptionTransactions, hotmart: Simulator, world: World
) -> None:
    """The check takes three requests, and the list takes two passes over each page."""
    since_ms = NOW_MS - 100 * DAY_MS
    updated = stream.api.updated_charges.since(since_ms)
    again = stream.api.updated_charges.since(since_ms)

    charges = [row.record for row in world.expected("subscription_transactions")]
    assert updated == again
    assert updated.is_complete
    assert updated.codes >= {row["subscriber_code"] for row in charges if row["last_update"] >= since_ms}
    assert calls(hotmart)[CHARGES] <= 3 + 2


@pytest.mark.parametrize("side", FILTERS)
def test_subscribers_with_changed_charges_are_found_for_any_filter_date(
    stream: SubscriptionTransactions, hotmart: Simulator, world: World, side: str
) -> None:
    """The filter uses another date, so changed charges are only in the list of all charges."""
    hotmart.switches = switches(transaction_date_filters=side)
    since_ms = NOW_MS - 30 * DAY_MS

    assert stream.api.updated_charges.follows_updates() is not True
    charges = [row.record for row in world.expected("subscription_transactions")]
    assert stream.api.updated_charges.since(since_ms).codes >= {
        row["subscriber_code"] for row in charges if row["last_update"] >= since_ms
    }


@pytest.mark.parametrize("side", FILTERS)
def test_charges_after_the_start_date_with_an_older_filter_date_are_synced(
    connector: Connector, hotmart: Simulator, world: World, side: str
) -> None:
    """Subscriptions that were imported long before the start date were charged after it."""
    hotmart.switches = switches(transaction_date_filters=side)
    start_ms = NOW_MS - 400 * DAY_MS
    connector.config["start_date"] = "2024-11-27"

    run = connector.read(["subscription_transactions"])

    charges = [row for row in world.expected("subscription_transactions") if row.record["last_update"] >= start_ms]
    assert run.exit_code == 0, run.sentences
    assert charges
    assert not difference("subscription_transactions", charges, run.records("subscription_transactions")).lost

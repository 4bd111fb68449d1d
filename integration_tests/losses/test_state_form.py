"""Namespaces in states, and an increased look-back."""

from __future__ import annotations

from typing import Any

import pytest

from hotmart_simulator import Call
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, LESSONS, Connection, empty_world, old_subscriptions
from tools.harness import NOW_MS, catalog, small_world, truth
from tools.rows import difference

# Namespaces


def as_messages(connection: Connection, namespace: str | None) -> list[dict[str, Any]]:
    """Return the saved states as a platform sends them if its streams have a namespace."""
    return [
        {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": name, "namespace": namespace}, "stream_state": value},
        }
        for name, value in connection.state.items()
    ]


def configured(streams: list[str], namespace: str | None) -> dict[str, Any]:
    """Return a configured catalog whose streams have a namespace."""
    result = catalog(streams)
    for entry in result["streams"]:
        entry["stream"]["namespace"] = namespace
    return result


@pytest.mark.parametrize("of_catalog", [None, ""], ids=["catalog: none", "catalog: empty"])
@pytest.mark.parametrize("of_state", [None, ""], ids=["state: none", "state: empty"])
def test_an_empty_namespace_equals_no_namespace(connect: Connect, of_catalog: str | None, of_state: str | None) -> None:
    """State and catalog differ only in an empty namespace. The sync continues from the state."""
    connection = connect(small_world(subscriptions=30, students=20), ["sales_history", "club_lessons"])
    connection.sync()
    connection.pass_time(days=100)
    connection.simulator.reset_log()

    run = connection.connector.run(
        "read",
        config={**connection.connector.config, **connection.config},
        catalog=configured(connection.streams, of_catalog),
        state=as_messages(connection, of_state),
    )

    assert run.exit_code == 0, run.sentences
    assert set(run.state) == set(connection.streams)
    starts = [int(call.get("start_date") or 0) for call in connection.simulator.calls if has_complete(call)]
    assert starts
    assert min(starts) > NOW_MS - 70 * DAY_MS
    assert len(connection.asked(LESSONS)) < 20


def has_complete(call: Call) -> bool:
    """Whether a request asks for the sales of a date range in all statuses, not only for a count or a single sale."""
    return "COMPLETE" in call.all("transaction_status") and call.get("max_results") not in ("1", "10")


@pytest.mark.parametrize("stream", ["sales_history", "club_lessons", "subscription_purchases", "event_participants"])
@pytest.mark.parametrize("of_catalog", [None, "mine"], ids=["catalog: none", "catalog: another one"])
def test_a_state_of_another_namespace_is_rejected(connect: Connect, stream: str, of_catalog: str | None) -> None:
    """The state has another namespace. If it were ignored, the sync would read everything again."""
    connection = connect(small_world(), [stream])
    connection.sync()
    connection.simulator.reset_log()

    run = connection.connector.run(
        "read",
        config={**connection.connector.config, **connection.config},
        catalog=configured(connection.streams, of_catalog),
        state=as_messages(connection, "other_place"),
    )

    assert run.exit_code != 0
    assert stream in run.sentences
    assert "other_place" in run.sentences
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    assert not run.of_type("RECORD")


def test_a_state_of_an_unselected_stream_does_not_fail_the_sync(connect: Connect) -> None:
    """A platform sends the state of a stream that is no longer selected, with another namespace."""
    connection = connect(small_world(), ["sales_history"])
    connection.sync()
    connection.state = {"sales_users": connection.state["sales_history"]}

    run = connection.connector.run(
        "read",
        config={**connection.connector.config, **connection.config},
        catalog=configured(connection.streams, None),
        state=as_messages(connection, "other_place"),
    )

    assert run.exit_code == 0, run.sentences
    assert not difference("sales_history", connection.world.expected("sales_history"), run.records("sales_history"))


def test_a_state_with_the_catalogs_namespace_is_never_ignored(connect: Connect) -> None:
    """Catalog and state have the same namespace. The sync continues from the state or rejects it with a clear error."""
    connection = connect(small_world(subscriptions=30, students=20), ["sales_history"])
    connection.sync()
    connection.pass_time(days=100)
    connection.simulator.reset_log()

    run = connection.connector.run(
        "read",
        config={**connection.connector.config, **connection.config},
        catalog=configured(connection.streams, "mine"),
        state=as_messages(connection, "mine"),
    )

    if run.exit_code != 0:
        assert "mine" in run.sentences
        return
    starts = [int(call.get("start_date") or 0) for call in connection.simulator.calls if has_complete(call)]
    assert min(starts) > NOW_MS - 70 * DAY_MS


# Increased look-back


def test_a_longer_look_back_reads_sales_the_shorter_one_missed(connect: Connect) -> None:
    """A boleto of 40 days ago expires while the look-back is five days. With a longer look-back, it arrives."""
    world = small_world(subscriptions=0, students=0)
    paid = world.add_sales(4, NOW_MS - 40 * DAY_MS)
    for transaction in paid:
        world.set_status(transaction, "WAITING_PAYMENT")
    connection = connect(world, ["sales_history"], config={"lookback_days": 65})
    connection.sync()
    connection.config["lookback_days"] = 5
    connection.pass_time(days=1)
    connection.sync()
    for transaction in paid:
        world.set_status(transaction, "EXPIRED")
    for _ in range(3):
        connection.pass_time(days=10)
        connection.sync()
    assert connection.difference("sales_history").stale
    connection.config["lookback_days"] = 120
    connection.pass_time(hours=1)

    connection.sync()

    assert not connection.differences()


def test_a_look_back_of_two_years_reads_missed_changes(connect: Connect) -> None:
    """An order of 600 days ago changes. A look-back of 730 days delivers it, even if it was read twice since."""
    world = small_world(subscriptions=0, students=0)
    old = world.add_sales(4, NOW_MS - 600 * DAY_MS)
    connection = connect(world, ["sales_history"])
    connection.sync()
    connection.pass_time(days=1)
    for transaction in old:
        world.set_status(transaction, "COMPLETE")
    for _ in range(2):
        connection.pass_time(days=1)
        connection.sync()
    connection.config["lookback_days"] = 730

    connection.sync()

    assert not connection.differences()


def test_a_longer_look_back_reads_purchases_of_ended_subscriptions(connect: Connect) -> None:
    """The last charge of a subscription that ended 150 days ago is refunded. A look-back of a year delivers it."""
    world = empty_world()
    codes = old_subscriptions(world, 12, days=151)
    world.cancel_subscriptions(12, NOW_MS - 150 * DAY_MS)
    last = [truth(world, "subscriptions")[code]["transaction"] for code in codes]
    connection = connect(world, ["subscription_purchases"])
    connection.sync()
    connection.pass_time(days=1)
    for transaction in last:
        world.set_status(transaction, "REFUNDED")
    connection.pass_time(hours=1)
    connection.config["lookback_days"] = 365

    connection.sync()

    assert not connection.differences()

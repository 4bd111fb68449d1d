"""Rows without a primary key and values that are not JSON: all other rows arrive."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.losses.reads import (
    DAY_MS,
    HISTORY,
    PRODUCTS,
    STUDENTS,
    VIEWS,
    complete,
    repeated,
    tiny_world,
    up_to_date,
    warnings,
)
from tools.harness import NOW_MS, Connector, Run, VirtualClock, loaded, switches
from tools.rows import difference, key_of, sent

OLD_MS = NOW_MS - 900 * DAY_MS
LISTS = {
    "sales_history": HISTORY,
    "sales_users": VIEWS["sales_users"],
    "subscriptions": "/payments/api/v1/subscriptions",
    "products": PRODUCTS,
    "event_participants": "/events/api/v1/*/participants",
}
"""Lists with and without dates, with their paths."""
KINDS = ("null_row", "no_key", "null_key")
VALUES = {
    "nan": ("NaN", (None,)),
    "too_large": ("1e999", (None,)),
    "infinity": ("-Infinity", (None,)),
    "latin_1": ('"caf\xe9"', ("caf\xe9", "caf\ufffd")),
    "raw_newline": ('"two\nlines"', ("two\nlines",)),
    "raw_tab": ('"a\tb"', ("a\tb",)),
}
"""The bytes sent in place of a value, and the accepted results."""


@pytest.fixture
def world() -> World:
    """Sales of four years, with several pages of ten in each."""
    return tiny_world(participants=40)


def key_on_the_wire(stream: str, record: dict[str, Any]) -> str:
    """Return the primary key of a simulated row at its endpoint, without the parent."""
    paths = {"sales_history": ("purchase", "transaction"), "event_participants": ("eticket", "id")}
    names = {"sales_users": ("transaction",), "subscriptions": ("subscriber_code",), "products": ("id",)}
    value: Any = record
    for name in {**paths, **names}[stream]:
        value = value[name]
    return str(value)


def spoil(hotmart: Simulator, stream: str, kind: str, places: list[int]) -> tuple[list[Any], list[Any]]:
    """Permanently damage rows by their position in the list. Return all other rows, and the damaged ones."""
    rows = hotmart.world.expected(stream)
    bad = [rows[place] for place in places]
    keys = [key_on_the_wire(stream, row.record) for row in bad]
    hotmart.add_fault(Fault(kind=kind, path=LISTS[stream], times=None, keys=keys))
    return [row for row in rows if row not in bad], bad


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", LISTS)
def test_valid_rows_around_invalid_ones_are_synced(
    connector: Connector, hotmart: Simulator, world: World, stream: str, kind: str
) -> None:
    """Two rows of a list are `null` or have no primary key, in every response."""
    hotmart.switches = switches(page_cap=10, untotalled_order="stable")
    good, _ = spoil(hotmart, stream, kind, [3, -1])

    run = connector.read([stream, "product_offers"])

    found = difference(stream, good, run.records(stream))
    assert not found, str(found)
    assert not repeated(run, stream)
    assert run.exit_code == 1
    assert run.statuses == {stream: "INCOMPLETE", "product_offers": "COMPLETE"}
    (sentence,) = [error["message"] for error in run.errors if error["message"].startswith(f"{stream}:")]
    assert re.search(r"\b2\b", sentence), sentence
    if stream.startswith("sales"):
        assert re.search(r"\d{4}-\d\d-\d\d", sentence), sentence


@pytest.mark.parametrize("kind", KINDS)
def test_an_invalid_newest_row_does_not_block_later_rows(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, kind: str
) -> None:
    """The newest sale has no primary key in any sync. Later sales and refunds still arrive."""
    first = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    new = world.add_sales(12, (NOW_MS + 1, clock.now_ms - 60_000))
    (newest,) = world.add_sales(1, clock.now_ms - 1_000)
    refunded = world.change_status(3, "COMPLETE", "REFUNDED", ordered=(NOW_MS - 300 * DAY_MS, NOW_MS - 100 * DAY_MS))
    hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=None, keys=[newest]))
    clock.advance(seconds=1)

    second = connector.read(["sales_history"], state=first.state)

    assert refunded
    assert second.exit_code == 1
    rows = [row for row in world.expected("sales_history") if row.record["purchase"]["transaction"] != newest]
    found = difference("sales_history", rows, loaded(first, second).rows["sales_history"].values())
    assert not found, str(found)
    assert {*new, *refunded} <= {record["id"] for record in second.records("sales_history")}


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_date_range_of_an_invalid_row_is_read_again(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, kind: str
) -> None:
    """One old sale has no primary key in the first sync, and has one in the second."""
    old = world.expected("sales_history", start_ms=OLD_MS - 30 * DAY_MS, end_ms=OLD_MS + 30 * DAY_MS)
    bad = old[0].record["purchase"]["transaction"]
    hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=None, keys=[bad]))
    first = connector.read(["sales_history"])
    hotmart.clear_faults()
    clock.advance(days=1)

    second = connector.read(["sales_history"], state=first.state)

    assert (first.exit_code, second.exit_code) == (1, 0), second.sentences
    found = up_to_date(world, loaded(first, second), "sales_history")
    assert not found, str(found)
    again = {record["id"] for record in second.records("sales_history")}
    assert bad in again
    elsewhere = world.expected("sales_history", end_ms=OLD_MS - 400 * DAY_MS)
    assert elsewhere
    assert not again & {row.record["purchase"]["transaction"] for row in elsewhere}


@pytest.mark.parametrize("kind", ["null_key", "no_key", "null_row"])
def test_a_student_without_a_user_id_does_not_affect_other_lessons(
    connector: Connector, hotmart: Simulator, world: World, kind: str
) -> None:
    """One of the students has no `user_id`, in a first sync of students and lessons."""
    students = world.expected("club_students")
    bad = students[2].record["user_id"]
    hotmart.add_fault(Fault(kind=kind, path=STUDENTS, times=None, keys=[bad]))

    run = connector.read(["club_students", "club_lessons"])

    assert run.exit_code == 1
    assert run.statuses["club_students"] == "INCOMPLETE"
    others = [row for row in students if row.record["user_id"] != bad]
    assert not difference("club_students", others, run.records("club_students"))
    lessons = [row for row in world.expected("club_lessons") if row.identity[2] != bad]
    found = difference("club_lessons", lessons, run.records("club_lessons"))
    assert not found, str(found)


def test_an_invalid_row_of_one_parent_does_not_affect_other_parents(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """The first offer of one product is `null`."""
    rows = world.expected("product_offers")
    ucode = rows[0].identity[2]
    hotmart.add_fault(Fault(kind="null_row", path=f"{PRODUCTS}/{ucode}/offers", times=None))

    run = connector.read(["product_offers"])

    assert run.exit_code == 1
    found = difference("product_offers", rows, run.records("product_offers"))
    assert len(found.lost) == 1
    assert not found.stale


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_is_not_json_is_parsed_leniently(
    connector: Connector, hotmart: Simulator, world: World, value: str
) -> None:
    """One sale contains a number or text that JSON does not allow, in every response."""
    sent_as, read_as = VALUES[value]
    name = "purchase.price.value" if None in read_as else "product.name"
    rows = world.expected("sales_history")
    bad = rows[40].record["purchase"]["transaction"]
    hotmart.add_fault(Fault(kind="raw_value", path=HISTORY, times=None, keys=[bad], field_name=name, value=sent_as))

    run = connector.read(["sales_history"])

    assert run.exit_code == 0, run.sentences
    found = difference("sales_history", rows, run.records("sales_history"))
    assert (found.lost, found.stale, found.surplus) == ([], [bad], [])
    (row,) = [record for record in run.records("sales_history") if record["id"] == bad]
    arrived = row["purchase"]["price"].get("value") if None in read_as else row["product"]["name"]
    assert arrived in read_as
    assert warnings(run, "sales_history")


@pytest.mark.parametrize("stream", LISTS)
def test_every_list_is_parsed_leniently(connector: Connector, hotmart: Simulator, world: World, stream: str) -> None:
    """One row of a list contains text with a Latin-1 byte."""
    hotmart.switches = switches(page_cap=10, untotalled_order="stable")
    rows = world.expected(stream)
    keys = [key_on_the_wire(stream, rows[3].record)]
    hotmart.add_fault(Fault(kind="raw_value", path=LISTS[stream], times=None, keys=keys, value='"caf\xe9"'))

    run = connector.read([stream])

    assert run.exit_code == 0, run.sentences
    found = difference(stream, rows, run.records(stream))
    assert (found.lost, found.stale, found.surplus) == ([], [key_of(stream, sent(stream, rows[3]))], [])
    assert warnings(run, stream)


def test_a_truncated_body_is_retried_instead_of_parsed_leniently(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """A response is cut off in the middle of its JSON once, and is retried."""
    fault = hotmart.add_fault(Fault(kind="truncated_json", path=HISTORY, nth=3))

    run: Run = connector.read(["sales_history"])

    assert fault.fired == 1
    complete(run, world, "sales_history")

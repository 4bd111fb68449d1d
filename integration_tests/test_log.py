"""The log of a sync: progress, what is read, and why."""

from __future__ import annotations

import re

import pytest
from pytest_mock import MockerFixture

from hotmart_simulator import Fault, Simulator, World, heavy_range
from tools.harness import NOW_MS, Connector, Run, VirtualClock, catalog, small_world, switches

DAY_MS = 86_400_000
OVERALL = re.compile(
    r"^INFO (\d+) of (\d+) streams done, ([\d,]+) rows, ([\d,]+) of ([\d,]+) requests this minute, "
    r"(at least )?[\d,]+ (?:seconds|minutes|hours) left\.$",
    re.MULTILINE,
)
PIECE = re.compile(r"(\w+): Read (.*) \((.*)\)\. Pages: (\d+), rows: (\d+)\.")
PRODUCTS = "/products/api/v1/products"


@pytest.fixture
def world() -> World:
    return small_world()


def pieces(run: Run) -> list[tuple[str, ...]]:
    """Return stream, label, reasons, pages and rows of every slice in the log."""
    lines = [message["log"]["message"] for message in run.of_type("LOG")]
    lines += [message["message"] for message in run.of_type("DEBUG")]
    return [match.groups() for match in map(PIECE.fullmatch, lines) if match]


def test_a_long_sync_logs_its_progress_regularly(
    connector: Connector, hotmart: Simulator, mocker: MockerFixture
) -> None:
    mocker.patch("source_hotmart.sync.progress.LOG_EVERY_S", 0.02)
    hotmart.switches = switches(page_cap=10, latency_ms=20, limit_per_minute=77_000)

    run = connector.read(["sales_history", "products", "product_offers"])

    overall = OVERALL.findall(run.logs)
    assert overall
    assert {line[1] for line in overall} == {"3"}
    assert {line[4] for line in overall} <= {"500", "77000"}
    assert overall[-1][4] == "77000"
    for column in (0, 2):
        numbers = [int(line[column].replace(",", "")) for line in overall]
        assert numbers == sorted(numbers)
    products = len(hotmart.world.expected("products"))
    assert re.search(rf"^INFO product_offers: \d+ of {products} products, [\d,]+ rows\.$", run.logs, re.MULTILINE)
    assert re.search(r"^INFO sales_history: page \d+, \d+ of about \d+ rows \(\d+%\)\.$", run.logs, re.MULTILINE)


def test_unchanged_progress_is_not_logged_again(
    connector: Connector, hotmart: Simulator, mocker: MockerFixture
) -> None:
    mocker.patch("source_hotmart.sync.progress.LOG_EVERY_S", 0.01)
    hotmart.switches = switches(page_cap=10, latency_ms=20)

    run = connector.read(["products", "sales_history"])

    lines = re.findall(r"^INFO products: page .*$", run.logs, re.MULTILINE)
    assert len(lines) == len(set(lines))
    assert len(OVERALL.findall(run.logs)) > len(lines)


def test_the_estimated_time_uses_the_observed_rate_limit(connector: Connector, hotmart: Simulator) -> None:
    hotmart.switches = switches(limit_per_minute=1_234)

    run = connector.read(["product_offers"])

    assert "less than two minutes at Hotmart's 1234 requests per minute." in run.logs


def test_the_log_has_no_redundant_lines_of_the_cdk(connector: Connector) -> None:
    run = connector.read(["products", "sales_history"])

    assert not re.search("Marking stream|Syncing stream|Finished syncing|Starting syncing", run.logs)
    for stream in ("products", "sales_history"):
        assert f"Read {len(run.records(stream))} records from {stream} stream" in run.logs


def test_every_list_is_logged_only_at_debug_level(connector: Connector) -> None:
    streams = ["products", "product_offers"]

    quiet = connector.read(streams)
    run = connector.run("read", "--debug", catalog=catalog(streams))

    assert not pieces(quiet)
    rows = {stream: sum(int(rows) for name, *_, rows in pieces(run) if name == stream) for stream in streams}
    assert rows == {stream: len(run.records(stream)) for stream in streams}
    assert {reasons for _, _, reasons, _, _ in pieces(run)} == {"whole list"}


def test_a_retried_page_is_logged(connector: Connector, hotmart: Simulator) -> None:
    hotmart.add_fault(Fault(kind=502, path=PRODUCTS, times=1))

    run = connector.read(["products"])

    assert run.exit_code == 0, run.sentences
    assert [reasons for _, _, reasons, _, _ in pieces(run)] == ["whole list, retried"]


def test_a_count_mismatch_is_logged(connector: Connector, hotmart: Simulator) -> None:
    hotmart.add_fault(Fault(kind="wrong_total", value=1, path="/payments/api/v1/sales/history", times=None))

    run = connector.read(["sales_history"])

    assert any("counts differed" in reasons for _, _, reasons, _, _ in pieces(run)), run.logs


def test_the_debug_log_names_no_person(connector: Connector, hotmart: Simulator) -> None:
    connector.config["personal_data"] = {"mode": "drop"}

    run = connector.run("read", "--debug", catalog=catalog(["subscription_purchases", "club_lessons"]))

    lines = "\n".join(f"{name} {label}" for name, label, *_ in pieces(run))
    assert "(id not shown, see personal_data)" in lines
    people = [row.record["subscriber_code"] for row in hotmart.world.expected("subscriptions")]
    people += [row.record["user_id"] for row in hotmart.world.expected("club_students")]
    assert not [person for person in people if person in lines]


def test_each_date_range_is_logged_with_its_reason(
    connector: Connector, hotmart: Simulator, clock: VirtualClock
) -> None:
    first = connector.run("read", "--debug", catalog=catalog(["sales_users"]))
    clock.advance(days=1)
    state = {name: dict(content) for name, content in first.state.items()}
    early, *others = state["sales_users"]["slices"]
    gap = {**early, "end": "2022-03-01T00:00:00.000Z"}, {**early, "start": "2022-06-01T00:00:00.000Z"}
    state["sales_users"]["slices"] = [*gap, *others]

    second = connector.run("read", "--debug", catalog=catalog(["sales_users"]), state=state)

    assert second.exit_code == 0, second.sentences
    found = [
        {reasons.split(", ")[0] for name, _, reasons, *_ in pieces(run) if name == "sales_users"}
        for run in (first, second)
    ]
    assert found == [{"new"}, {"gap", "look-back", "late statuses"}]


def test_the_halves_of_a_heavy_date_range_are_logged(connector: Connector, hotmart: Simulator) -> None:
    year = DAY_MS * 365
    is_heavy = heavy_range(hotmart.world, NOW_MS - year, NOW_MS, rows=5, page_rows=0)
    hotmart.add_fault(Fault(kind=502, times=None, where=is_heavy))

    run = connector.read(["sales_history"])

    assert run.exit_code == 0, run.sentences
    halves = [label for name, label, reasons, *_ in pieces(run) if "half of a heavy one" in reasons]
    assert len(halves) > 1
    assert not [reasons for _, _, reasons, *_ in pieces(run) if reasons in ("new", "look-back", "late statuses")]

"""The harness of `make bench` counts correctly. The measurements themselves don't run in these tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import orjson
import pytest
import yaml

from hotmart_simulator.common.vocabulary import DEFAULT_SALE_STATUSES, PRICE_DETAILS_STATUSES, SALE_STATUSES
from tools.bench import least
from tools.bench.__main__ import DOCUMENT, PARTS, parts
from tools.bench.calls import Call, refusals, whole_minutes
from tools.bench.clients import HERE
from tools.bench.processes import KeyCounter, RecordCounter
from tools.bench.replay import Sales
from tools.bench.replayed_lists import CHARGES_PATH, SUBSCRIPTIONS_PATH, Lists
from tools.bench.rows import schedule
from tools.bench.rows.cpu import rows_of
from tools.bench.rows.memory import LARGE, MIDDLE, SMALL, growth_rows, memory_row
from tools.bench.rows.refused import refusal_row
from tools.bench.table import HEAD, Row, Verdict, markdown, markers, median, replace_section, spread

ROOT = Path(__file__).parent.parent
HISTORY = "/payments/api/v1/sales/history"
NOW_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


# Counting


def test_records_are_counted_when_a_read_splits_a_line(tmp_path):
    line = b'{"type":"RECORD","record":{"stream":"a","data":{"text":"{\\"type\\":\\"RECORD\\""}}}\n'
    other = b'{"type":"LOG","log":{"level":"INFO","message":"no record"}}\n'
    whole, cut = RecordCounter(), RecordCounter()
    text = (line + other) * 20
    whole.take(text)
    for place in range(0, len(text), 7):
        cut.take(text[place : place + 7])
    assert (whole.records, cut.records) == (20, 20)


def test_distinct_sales_are_counted_per_stream(tmp_path):
    counter = KeyCounter()
    rows = [
        ("sales_history", {"purchase": {"transaction": "HP1"}}),
        ("sales_history", {"purchase": {"transaction": "HP1"}}),
        ("sales_users", {"transaction": "HP1"}),
        ("sales_users", {"transaction": "HP2"}),
    ]
    for stream, data in rows:
        record = {"type": "RECORD", "record": {"stream": stream, "data": data}}
        counter.take(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    assert counter.records == 4
    assert counter.distinct == {"sales_history": 1, "sales_users": 2}


# The replayed account


def pages_of(sales: Sales, start_ms: int, end_ms: int, statuses: tuple[str, ...], path: str = HISTORY):
    """Return all rows of a date range, and the totals on its pages."""
    query: list[tuple[str, object]] = [("start_date", start_ms), ("end_date", end_ms), ("max_results", 500)]
    query += [("transaction_status", status) for status in statuses]
    rows, totals, token = [], set(), None
    while True:
        asked = query if token is None else [*query, ("page_token", token)]
        page = orjson.loads(sales.page(path, parse_qs(urlencode(asked))))
        rows += page["items"]
        totals.add(page["page_info"]["total_results"])
        token = page["page_info"].get("next_page_token")
        if token is None:
            return rows, totals


@pytest.fixture(scope="module")
def replayed() -> Sales:
    return Sales(7_000, NOW_MS)


def test_replayed_date_ranges_return_every_sale_once(replayed):
    middle_ms = (replayed.start_ms + NOW_MS) // 2
    early, early_totals = pages_of(replayed, replayed.start_ms, middle_ms, SALE_STATUSES)
    late, _ = pages_of(replayed, middle_ms + 1, NOW_MS, SALE_STATUSES)
    transactions = [row["purchase"]["transaction"] for row in early + late]
    assert len(transactions) == len(set(transactions)) == 7_000
    assert early_totals == {len(early)}
    assert all(replayed.start_ms <= row["purchase"]["order_date"] <= middle_ms for row in early)
    assert [row["purchase"]["order_date"] for row in late] == sorted(
        (row["purchase"]["order_date"] for row in late), reverse=True
    )


def test_the_replay_filters_by_status_as_hotmart_does(replayed):
    everything, _ = pages_of(replayed, replayed.start_ms, NOW_MS, SALE_STATUSES)
    default, _ = pages_of(replayed, replayed.start_ms, NOW_MS, ())
    assert {row["purchase"]["status"] for row in default} == set(DEFAULT_SALE_STATUSES)
    assert len(default) == sum(row["purchase"]["status"] in DEFAULT_SALE_STATUSES for row in everything)


def test_all_replayed_views_return_the_same_sales(replayed):
    history, _ = pages_of(replayed, replayed.start_ms, NOW_MS, PRICE_DETAILS_STATUSES)
    known = [row["purchase"]["transaction"] for row in history]
    for view in ("users", "commissions", "price/details"):
        rows, _ = pages_of(
            replayed, replayed.start_ms, NOW_MS, PRICE_DETAILS_STATUSES, HISTORY.replace("history", view)
        )
        assert [row["transaction"] for row in rows] == known


def test_a_replayed_sale_has_about_one_kilobyte(replayed):
    assert 950 < replayed.mean_bytes["sales_history"] < 1_050


# Calls


def call(at_s: float, status: int = 200, path: str = HISTORY) -> Call:
    return Call(at_s, path, status, 1, ())


def test_whole_minutes_exclude_rejected_requests_and_logins():
    calls = [call(50 + number) for number in range(160)]  # seconds 50 to 209
    calls += [call(70, 429), call(71, path="/security/oauth/token")]
    assert whole_minutes(calls, 50, 210) == [60, 60]
    assert whole_minutes(calls, 60, 180) == [60, 60]
    assert whole_minutes(calls, 61, 179) == []


def test_a_minute_without_requests_counts_as_zero():
    assert whole_minutes([call(10), call(200)], 10, 250) == [0, 0, 1]


def test_rejected_requests_are_counted_without_logins():
    calls = [call(1), call(2, 429), call(3, path="/security/oauth/token"), call(4, 500)]
    assert refusals(calls) == (1, 3)


# The least


class Account:
    """2,600 sales, about one every eight hours, and a few lists."""

    every = tuple(range(milliseconds("2022-01-01T00:00:00"), milliseconds("2025-01-01T00:00:00"), 36_432_000))

    def sales(self, windows):
        part = {False: 1, True: 10}
        return [
            sum(start <= at <= end for at in self.every) // part[set(statuses) == set(least.LATE)]
            for start, end, statuses in windows
        ]

    def charges(self, windows):
        return [0 for _ in windows]

    def lists(self):
        return {"subscriptions": [501], "products": [100], "club_students": [51, 0]}


START_MS, END_MS = milliseconds("2022-01-01T00:00:00"), milliseconds("2024-12-31T00:00:00")


def test_minimum_requests_of_a_first_sync_use_full_pages():
    fewest = least.first_read(Account(), START_MS, END_MS, ["sales_history"])
    assert fewest.by_stream == {"sales_history": 6}  # three years of 866 sales
    assert sum(fewest.named.values()) == 4  # a token, and three counts
    assert fewest.total == 10


def test_each_list_needs_at_least_one_request():
    fewest = least.first_read(Account(), START_MS, END_MS, ["subscriptions", "products", "club_students"])
    assert fewest.by_stream == {"subscriptions": 2, "products": 1, "club_students": 3}
    assert fewest.total == 7


def test_daily_minimum_requests_cover_look_back_and_late_statuses():
    saved_ms = milliseconds("2024-12-30T00:00:00")
    fewest = least.daily(Account(), START_MS, saved_ms, END_MS, ["sales_history", "sales_summary"])
    assert fewest.by_stream == {"sales_history": 2, "sales_summary": 13}
    unswept = least.daily(Account(), saved_ms - 64 * least.DAY_MS, saved_ms, END_MS, ["sales_history"])
    assert unswept.by_stream == {"sales_history": 1}


def test_twelve_month_date_ranges_are_contiguous():
    windows = least.years(milliseconds("2020-02-29T12:00:00"), milliseconds("2022-03-01T00:00:00"))
    assert [start for start, _ in windows] == [
        milliseconds("2020-02-29T12:00:00"),
        milliseconds("2021-02-28T12:00:00"),
        milliseconds("2022-02-28T12:00:00"),
    ]
    assert [end + 1 for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
    assert windows[-1][1] == milliseconds("2022-03-01T00:00:00")


# Verdicts


@pytest.mark.parametrize(
    ("connector", "low_code", "floor", "verdicts"),
    [
        (10.0, 30.0, 3.4, [Verdict.MET, Verdict.MET]),
        (10.0, 29.9, 3.4, [Verdict.MISSED, Verdict.MET]),
        (10.0, 30.0, 3.3, [Verdict.MET, Verdict.MISSED]),
    ],
)
def test_cpu_verdicts_compare_with_low_code_and_floor(connector, low_code, floor, verdicts):
    # A slow or fast round on either side of the median does not change the verdict.
    rounds = {
        name: [value, value + 50, value - 3]
        for name, value in {"connector": connector, "low-code": low_code, "floor": floor}.items()
    }
    assert [row.verdict for row in rows_of(rounds)] == verdicts


@pytest.mark.parametrize(
    ("middle", "large", "verdict"),
    [(150, 157, Verdict.MET), (150, 158, Verdict.MISSED), (175, 180, Verdict.MISSED), (170, 150, Verdict.MISSED)],
)
def test_the_memory_verdict_checks_size_and_growth(middle, large, verdict):
    assert memory_row("sales_history", {MIDDLE: middle, LARGE: large}).verdict is verdict


def test_growth_compares_cost_per_row_without_start_up():
    cpu_s = {0: 1.0, SMALL: 1.0 + 0.6, LARGE: 1.0 + 30.0}
    cpu, calls = growth_rows(cpu_s, {SMALL: 40, LARGE: 2_000})
    assert (cpu.figure[:4], cpu.verdict) == ("1.00", Verdict.MET)
    assert (calls.figure[:4], calls.verdict) == ("1.00", Verdict.MET)
    dearer, more = growth_rows(cpu_s | {LARGE: 1.0 + 34.0}, {SMALL: 40, LARGE: 2_300})
    assert (dearer.verdict, more.verdict) == (Verdict.MISSED, Verdict.MISSED)


def test_one_rejection_in_a_thousand_requests_is_allowed():
    assert refusal_row("alone", 2, 2_000).verdict is Verdict.MET
    assert refusal_row("alone", 3, 2_000).verdict is Verdict.MISSED


# The table and its document


def test_a_markdown_table_escapes_vertical_bars():
    row = Row("a|b", "most", "1", Verdict.MET, "so")
    assert markdown(HEAD, [row.cells]).splitlines() == [
        "| What | Target | Figure | Met | How |",
        "| --- | --- | --- | --- | --- |",
        "| a\\|b | most | 1 | yes | so |",
    ]


def test_the_median_is_shown_with_its_spread():
    assert median([3, 1, 2]) == 2
    assert spread([3, 1, 2], "s") == "2.0 s (1.0 to 3.0)"
    assert spread([2], "s") == "2.0 s"


def test_only_the_text_between_section_markers_is_replaced(tmp_path):
    document = tmp_path / "page.md"
    begin, end = markers("cpu")
    document.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    replace_section(document, "cpu", "new \\1 text\n")
    replace_section(document, "cpu", "newer \\1 text\n")
    assert document.read_text(encoding="utf-8") == f"before\n{begin}\n\nnewer \\1 text\n\n{end}\nafter\n"
    with pytest.raises(ValueError, match="section memory"):
        replace_section(document, "memory", "text")


def test_the_document_has_markers_for_every_part():
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    for part in PARTS:
        begin, end = markers(part)
        assert text.index(begin) < text.index(end), part


def test_parts_are_selected_by_name():
    assert parts("cpu, memory") == ["cpu", "memory"]
    assert parts("") == list(PARTS)
    with pytest.raises(Exception, match="speed"):
        parts("cpu,speed")


def test_the_low_code_manifest_reads_the_same_sales_as_the_connector():
    manifest = yaml.safe_load((HERE / "manifest.yaml").read_text(encoding="utf-8"))
    assert tuple(stream["name"] for stream in manifest["streams"]) == least.VIEWS
    listed = yaml.safe_load(manifest["definitions"]["every_status"].replace("{{", "").replace("}}", ""))
    of_price_details = yaml.safe_load(
        manifest["definitions"]["statuses_of_price_details"].replace("{{", "").replace("}}", "")
    )
    assert set(listed) == set(SALE_STATUSES)
    assert set(of_price_details) == set(PRICE_DETAILS_STATUSES)


# When each stream ends


def test_a_stream_slowed_by_others_misses_the_target():
    alone_s = {"sales_history": 20.0, "products": 0.4}
    beside, last = schedule.rows_of(alone_s, {"sales_history": 25.0, "products": 1.2, "club_lessons": 200.0})
    assert beside.verdict is Verdict.MET
    assert last.figure == "sales_history after 25 of 200 s"
    late, _ = schedule.rows_of(alone_s, {"sales_history": 27.0, "products": 1.2, "club_lessons": 200.0})
    assert late.verdict is Verdict.MISSED
    assert "sales_history" in late.figure


def test_replayed_lists_return_every_row_once():
    lists = Lists(1_201, NOW_MS, 1_000 * 86_400_000)
    for path, query, key in (
        (SUBSCRIPTIONS_PATH, "accession_date=0", "subscriber_code"),
        (CHARGES_PATH, f"transaction_date=0&end_transaction_date={NOW_MS}", "purchase"),
    ):
        rows, token = [], None
        while True:
            page = orjson.loads(lists.page(path, parse_qs(f"{query}&max_results=500&page_token={token or 0}")))
            rows += page["items"]
            token = page["page_info"].get("next_page_token")
            if not token:
                break
        keys = {row[key] if key == "subscriber_code" else row[key]["transaction"] for row in rows}
        assert len(rows) == len(keys) == 1_201

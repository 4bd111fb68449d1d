"""The demo's comparison of rows and totals must not make the connector look better than it is."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from tools.demo.catalog import OfferedStream
from tools.demo.reconciliation import compare_rows, reconcile
from tools.demo.tables import print_rows
from tools.demo.totals import print_totals
from tools.demo.warehouse import Loaded, Warehouse
from tools.rows import HeldRow

SALES = OfferedStream(
    name="sales_history",
    keys=("id",),
    cursor="order_date",
    columns={
        "id": {"type": ["null", "string"]},
        "order_date": {"type": ["null", "string"], "format": "date-time"},
        "purchase": {"type": ["null", "object"]},
    },
    declared={},
)
COMMISSIONS = OfferedStream(
    name="sales_commissions",
    keys=("transaction",),
    cursor="synced_until",
    columns={
        "transaction": {"type": ["null", "string"]},
        "commissions": {"type": ["null", "array"]},
        "synced_until": {"type": ["null", "string"], "format": "date-time"},
    },
    declared={},
)
TOTALS = OfferedStream(
    name="sales_summary",
    keys=("month", "currency_code"),
    cursor="synced_until",
    columns={
        "month": {"type": ["null", "string"], "format": "date"},
        "currency_code": {"type": ["null", "string"]},
        "synced_until": {"type": ["null", "string"], "format": "date-time"},
        "total_items": {"type": ["null", "integer"]},
        "total_value": {"type": ["null", "object"]},
    },
    declared={},
)


def sale(key: str, status: str, value: float = 10.5, at: str = "2024-05-01T12:00:00.123Z") -> dict[str, object]:
    price = {"value": value, "currency_code": "BRL"}
    purchase = {"transaction": key, "order_date": at, "status": status, "price": price}
    return {"id": key, "order_date": at, "purchase": purchase}


def commissions(key: str, *values: float) -> dict[str, object]:
    entries = [{"commission": {"value": value, "currency_code": "BRL"}, "source": "PRODUCER"} for value in values]
    return {"transaction": key, "commissions": entries, "synced_until": "2024-06-01T00:00:00.000Z"}


def held(record: dict[str, object], *identity: object) -> HeldRow:
    """Return a connector's row in the form that Hotmart would send."""
    return HeldRow(("row", *identity), {name: value for name, value in record.items() if name != "synced_until"})


def total(month: str, items: int, value: float, currency: str = "BRL") -> dict[str, object]:
    return {
        "month": month,
        "currency_code": currency,
        "synced_until": "2024-06-01T00:00:00.000Z",
        "total_items": items,
        "total_value": {"value": value, "currency_code": currency},
    }


def file_of(folder: Path, *records: dict[str, object]) -> Path:
    path = folder / "records.jsonl"
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse(tmp_path / "test.duckdb", [SALES, COMMISSIONS, TOTALS]) as opened:
        yield opened


def test_a_later_row_replaces_an_earlier_one_of_its_key(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(SALES, file_of(tmp_path, sale("a", "APPROVED"), sale("b", "APPROVED")))
    loaded = warehouse.load(SALES, file_of(tmp_path, sale("a", "REFUNDED"), sale("c", "STARTED")))

    assert loaded == Loaded(rows=2, repeated=0)
    statuses = warehouse.query("SELECT id, purchase->>'status' FROM sales_history ORDER BY id")
    assert statuses == [("a", "REFUNDED"), ("b", "APPROVED"), ("c", "STARTED")]
    types = warehouse.query("SELECT DISTINCT typeof(id), typeof(order_date), typeof(purchase) FROM sales_history")
    assert types == [("VARCHAR", "TIMESTAMP WITH TIME ZONE", "JSON")]


def test_an_older_row_does_not_replace_a_newer_one(warehouse: Warehouse, tmp_path: Path) -> None:
    newer = sale("a", "REFUNDED", at="2024-05-02T00:00:00.000Z")
    warehouse.load(SALES, file_of(tmp_path, newer))
    loaded = warehouse.load(SALES, file_of(tmp_path, sale("a", "APPROVED"), sale("a", "STARTED")))

    assert loaded == Loaded(rows=2, repeated=1)
    assert warehouse.query("SELECT purchase->>'status' FROM sales_history") == [("REFUNDED",)]


def test_missing_and_surplus_rows_are_counted(warehouse: Warehouse, tmp_path: Path) -> None:
    records = total("2024-04-01", 0, 0), total("2024-05-01", 2, 21), total("2024-05-01", 1, 5, "USD")
    warehouse.load(TOTALS, file_of(tmp_path, *records))
    in_hotmart = total("2024-05-01", 2, 21), total("2024-05-01", 3, 7, "EUR")

    found = compare_rows(TOTALS, [held(row, row["month"]) for row in in_hotmart], warehouse)

    assert (found.in_hotmart, found.in_warehouse, found.missing, found.surplus, found.added) == (2, 2, 1, 1, 1)
    assert not found.differing
    assert not found.is_equal


def test_a_differing_row_is_reported(warehouse: Warehouse, tmp_path: Path) -> None:
    sales = sale("a", "APPROVED"), sale("b", "APPROVED", 10.25), sale("c", "APPROVED")
    warehouse.load(SALES, file_of(tmp_path, *sales))
    console = Console(width=100)

    equal = compare_rows(SALES, [held(row) for row in sales], warehouse)
    dearer = compare_rows(SALES, [held(sale(key, "APPROVED", 10.5)) for key in "abc"], warehouse)
    later = compare_rows(SALES, [held(sale(key, "APPROVED", at="2024-05-01T12:00:00.124Z")) for key in "a"], warehouse)
    with console.capture() as printed:
        print_rows(console, [equal, dearer])

    assert equal.is_equal
    assert (dearer.differing, dearer.missing, dearer.surplus) == (["b"], 0, 0)
    assert not dearer.is_equal
    assert "sales_history: 1 rows differ from those in Hotmart, such as b" in printed.get()
    assert (later.differing, later.surplus) == (["a"], 2)


def test_a_one_cent_difference_to_the_summary_is_reported(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(SALES, file_of(tmp_path, sale("a", "APPROVED"), sale("b", "COMPLETE"), sale("c", "REFUNDED")))
    warehouse.load(COMMISSIONS, file_of(tmp_path, commissions("a", 9, 1), commissions("b", 9), commissions("c", 9)))
    warehouse.load(TOTALS, file_of(tmp_path, total("2024-04-01", 0, 0), total("2024-05-01", 2, 21.01)))
    console = Console(width=80)

    found = reconcile(warehouse)
    with console.capture() as printed:
        print_totals(console, found)

    assert [item.is_equal for item in found] == [False, False]
    assert [item.is_equal for item in found[0].sales] == [True, False]
    assert "2 months x 1 currencies: 1 differ." in printed.get()
    assert "-0.01" in printed.get()
    assert "2024-05 BRL: 2 sales of 21.00 against 2 of 21.01" in printed.get()
    assert "2024-05 BRL: 3 commissions of 19.00 against 2 of 21.01" in printed.get()
    assert "add up" not in printed.get()


@pytest.mark.parametrize(
    ("items", "value", "what"), [(2, 21, "prices"), (3, 19.3, "commissions")], ids=["prices", "commissions"]
)
def test_the_demo_prints_whether_the_summary_adds_commissions_or_prices(
    warehouse: Warehouse, tmp_path: Path, items: int, value: float, what: str
) -> None:
    warehouse.load(SALES, file_of(tmp_path, sale("a", "APPROVED"), sale("b", "COMPLETE"), sale("c", "REFUNDED")))
    entries = commissions("a", 9.1, 1.1), commissions("b", 9.1), commissions("c", 9.1)
    warehouse.load(COMMISSIONS, file_of(tmp_path, *entries))
    warehouse.load(TOTALS, file_of(tmp_path, total("2024-05-01", items, value)))
    console = Console(width=80)

    found = reconcile(warehouse)
    with console.capture() as printed:
        print_totals(console, found)

    assert [(item.amounts == what, item.is_equal) for item in found] == [(True, True), (False, False)]
    assert "1 months x 1 currencies: all equal to the cent" in printed.get()
    assert f"Hotmart's totals add up the {what}." in printed.get()
    assert "differ" not in printed.get()


def test_months_are_printed_on_request(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(
        SALES, file_of(tmp_path, sale("a", "APPROVED"), sale("b", "COMPLETE", at="2024-06-01T00:00:00.000Z"))
    )
    warehouse.load(TOTALS, file_of(tmp_path, total("2024-05-01", 1, 10.5), total("2024-06-01", 1, 10.5)))
    console = Console(width=80)

    with console.capture() as few:
        print_totals(console, reconcile(warehouse))
    with console.capture() as every:
        print_totals(console, reconcile(warehouse), verbose=True)

    assert ["BRL", "2", "21.00", "equal"] in [line.split() for line in few.get().splitlines()]
    assert "2024-05" not in few.get()
    assert ["2024-05", "history", "1", "10.50"] in [line.split() for line in every.get().splitlines()]
    assert ["summary", "1", "10.50"] in [line.split() for line in every.get().splitlines()]

"""The demo's figures for shop owners, calculated from handmade rows."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from tools.demo.answers import print_answers
from tools.demo.catalog import OfferedStream
from tools.demo.warehouse import Warehouse

TEXT: Mapping[str, Any] = {"type": ["null", "string"]}
TIME: Mapping[str, Any] = {"type": ["null", "string"], "format": "date-time"}
OBJECT: Mapping[str, Any] = {"type": ["null", "object"]}
STREAMS = {
    name: OfferedStream(name=name, keys=(key,), cursor=None, columns=columns, declared={})
    for name, key, columns in (
        (
            "sales_history",
            "id",
            {"id": TEXT, "order_date": TIME, "product": OBJECT, "buyer": OBJECT, "purchase": OBJECT},
        ),
        ("sales_commissions", "transaction", {"transaction": TEXT, "commissions": OBJECT, "synced_until": TIME}),
        ("products", "id", {"id": TEXT, "name": TEXT}),
        (
            "subscriptions",
            "subscriber_code",
            {
                "subscriber_code": TEXT,
                "status": TEXT,
                "request_date": TIME,
                "accession_date": TIME,
                "end_accession_date": TIME,
            },
        ),
    )
}
ME, PARTNER = "aaaaaaaa-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"
AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (8, 9, 10, 11))


def sale(
    key: str, status: str, at: str, role: str = "PRODUCER", price: float = 100, currency: str = "BRL", **purchase: Any
) -> dict[str, Any]:
    return {
        "id": key,
        "order_date": at,
        "product": {"id": "7", "name": "Old name"},
        "buyer": {"name": "Ana [invented]"},
        "purchase": {
            "status": status,
            "commission_as": role,
            "price": {"value": price, "currency_code": currency},
            **purchase,
        },
    }


def commissions(key: str, *entries: tuple[str, str | None, float], currency: str = "BRL") -> dict[str, Any]:
    return {
        "transaction": key,
        "synced_until": "2026-11-20T12:00:00.000Z",
        "commissions": [
            {
                "source": source,
                "user": {"ucode": ucode} if ucode else {},
                "commission": {"value": value, "currency_code": currency},
            }
            for source, ucode, value in entries
        ],
    }


def subscription(status: str, began: str, ended: str | None = None, created: str | None = None) -> dict[str, Any]:
    return {"status": status, "request_date": created or began, "accession_date": began, "end_accession_date": ended}


class Shop:
    """A warehouse with handmade rows."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self.warehouse = warehouse
        self._file = folder / "records.jsonl"

    def load(self, stream: str, *records: Mapping[str, Any]) -> None:
        self._file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
        self.warehouse.load(STREAMS[stream], self._file)

    def printed(self, *, verbose: bool = False) -> str:
        console = Console(width=80)
        with console.capture() as printed:
            print_answers(console, self.warehouse, verbose=verbose)
        return printed.get()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        self.printed()
        return self.warehouse.query(sql)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Warehouse(tmp_path / "test.duckdb", STREAMS.values()) as warehouse:
        shop = Shop(warehouse, tmp_path)
        shop.load(
            "sales_history",
            sale("a", "APPROVED", "2026-11-03T12:00:00.000Z"),
            sale("b", "COMPLETE", "2026-11-04T12:00:00.000Z", "AFFILIATE"),
            sale("c", "REFUNDED", "2026-11-05T12:00:00.000Z", price=20.5),
            # 31 October, 23:30 in São Paulo.
            sale("d", "COMPLETE", "2026-11-01T02:30:00.000Z", currency="USD"),
            # Ordered in September, approved in October.
            sale("e", "COMPLETE", "2026-09-30T12:00:00.000Z", approved_date="2026-10-02T12:00:00.000Z"),
            sale("f", "WAITING_PAYMENT", "2026-11-06T12:00:00.000Z"),
            sale("g", "PARTIALLY_REFUNDED", "2026-11-06T13:00:00.000Z"),
            sale("h", "COMPLETE", "2026-08-10T12:00:00.000Z"),
        )
        shop.load(
            "sales_commissions",
            commissions("a", ("PRODUCER", ME, 60.1), ("AFFILIATE", PARTNER, 20), ("ADDON", ME, 1)),
            commissions("b", ("PRODUCER", PARTNER, 50), ("AFFILIATE", ME.upper(), 30.2)),
            commissions("c", ("PRODUCER", ME, 18)),
            # Paid out in a different currency from the price.
            commissions("d", ("PRODUCER", None, 400), ("COPRODUCER", None, 100), currency="MXN"),
            commissions("e", ("PRODUCER", ME, 80)),
            commissions("f", ("PRODUCER", ME, 80)),
            commissions("g", ("PRODUCER", ME, 80)),
            commissions("h", ("PRODUCER", ME, 80)),
        )
        shop.load("products", {"id": "7", "name": "Course"})
        yield shop


def test_net_revenue_is_my_commission_of_paid_sales(shop: Shop) -> None:
    assert shop.query("FROM answers.net_revenue ORDER BY month, currency") == [
        (AUGUST, "BRL", 1, Decimal("80.00")),
        (OCTOBER, "BRL", 1, Decimal("80.00")),
        (OCTOBER, "MXN", 1, Decimal("400.00")),
        (NOVEMBER, "BRL", 2, Decimal("91.30")),
    ]


def test_refunds_count_full_refunds_with_their_price(shop: Shop) -> None:
    found = shop.query("SELECT month, product, currency, refunds, refunded FROM answers.refunds")

    assert found == [(NOVEMBER, "Course", "BRL", 1, Decimal("20.50"))]


def test_active_subscriptions_and_monthly_changes_are_counted(shop: Shop) -> None:
    rows = [
        subscription("ACTIVE", "2026-11-02T12:00:00.000Z"),
        subscription("DELAYED", "2026-10-02T12:00:00.000Z"),
        # Reactivated: created long ago.
        subscription("ACTIVE", "2026-10-03T12:00:00.000Z", created="2025-01-01T12:00:00.000Z"),
        # Not paid yet.
        subscription("STARTED", "2026-11-04T12:00:00.000Z"),
        # Lapsed without an end date.
        subscription("OVERDUE", "2026-09-05T12:00:00.000Z"),
        subscription("INACTIVE", "2026-09-06T12:00:00.000Z"),
        # 31 October, 23:30 in São Paulo.
        subscription("CANCELLED_BY_CUSTOMER", "2026-09-07T12:00:00.000Z", "2026-11-01T02:30:00.000Z"),
        subscription("CANCELLED_BY_SELLER", "2025-09-07T12:00:00.000Z", "2026-11-08T12:00:00.000Z"),
        # A past date on a subscription that is still active.
        subscription("ACTIVE", "2025-09-07T12:00:00.000Z", "2026-11-09T12:00:00.000Z"),
    ]
    shop.load("subscriptions", *({**row, "subscriber_code": str(number)} for number, row in enumerate(rows)))

    changes = shop.query("FROM answers.subscription_changes WHERE month >= DATE '2026-09-01' ORDER BY month")

    assert changes == [(SEPTEMBER, 3, 0), (OCTOBER, 1, 1), (NOVEMBER, 1, 1)]
    assert shop.query("FROM answers.active_subscriptions") == [(4, 9)]
    assert "4 of 9 subscriptions are active now." in shop.printed()


def test_the_current_and_two_previous_months_are_printed(shop: Shop) -> None:
    printed = shop.printed()
    net_revenue = printed.partition("Net revenue")[2].partition("Refunds")[0]

    assert [line.split() for line in net_revenue.splitlines() if line.startswith(" 20")] == [
        ["2026-09", "0"],
        ["2026-10", "2", "80.00", "400.00"],
        ["2026-11", "so", "far", "2", "91.30"],
    ]


def test_the_three_newest_sales_are_printed_with_their_buyers(shop: Shop) -> None:
    samples = [line.split() for line in shop.printed().partition("Net revenue")[0].splitlines() if "Ana" in line]

    assert samples == [
        ["2026-11-06", "Course", "Ana", "[invented]", "PARTIALLY_REFUNDED", "100.00", "BRL"],
        ["2026-11-06", "Course", "Ana", "[invented]", "WAITING_PAYMENT", "100.00", "BRL"],
        ["2026-11-05", "Course", "Ana", "[invented]", "REFUNDED", "20.50", "BRL"],
    ]


def test_five_products_with_most_refunds_are_printed_by_default(shop: Shop) -> None:
    refunded = [
        {
            **sale(f"{place}-{number}", "REFUNDED", "2026-10-10T12:00:00.000Z"),
            "product": {"id": f"p{place}", "name": f"Product {place}"},
        }
        for place in range(1, 8)
        for number in range(place)
    ]
    shop.load("sales_history", *refunded)

    few = [line.split()[:3] for line in shop.printed().splitlines() if line.startswith(" Product ")]
    every = [line for line in shop.printed(verbose=True).splitlines() if line.startswith(" Product ")]

    assert few == [["Product", str(place), str(place)] for place in (7, 6, 5, 4, 3)]
    assert len(every) == 7
    assert "Not shown: 2 more with refunds" in shop.printed()
    assert "Not shown" not in shop.printed(verbose=True)


def test_an_account_without_sales_has_empty_figures(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "empty.duckdb", STREAMS.values()) as warehouse:
        printed = Shop(warehouse, tmp_path).printed()

    assert "0 of 0 subscriptions are active now." in printed

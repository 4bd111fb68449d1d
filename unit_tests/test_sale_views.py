"""What the views of a sale keep in memory to be compared with each other."""

from __future__ import annotations

import random
import tracemalloc

from source_hotmart.streams.sales_facts import SaleViews


def three_views() -> SaleViews:
    views = SaleViews()
    for name in ("sales_history", "sales_users", "sales_commissions"):
        views.register(name)
    views.plan("2025")
    return views


def transactions(count: int) -> list[str]:
    chosen = random.Random(7)
    return [f"HP{chosen.randrange(10**14):014d}" for _ in range(count)]


def test_each_view_gets_the_sales_by_status() -> None:
    ids = {"APPROVED": transactions(3), "": ["HP-\n", "HP-\ud800", "HP-ç"]}
    views = three_views()
    views.deliver("2025", ids)

    assert [views.take("2025"), views.take("2025")] == [ids, ids]
    assert not views.has("2025")


def test_a_date_range_that_was_not_read_has_no_sales() -> None:
    views = three_views()
    views.deliver("2025", None)

    assert views.take("2025") is None


def test_a_sale_waiting_for_other_views_takes_under_20_bytes() -> None:
    views = three_views()
    tracemalloc.start()
    try:
        views.deliver("2025", {"APPROVED": transactions(20_000)})
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept_bytes < 20 * 20_000

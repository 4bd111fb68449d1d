"""Monthly totals of a currency that has no sales any more."""

from __future__ import annotations

from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, empty_world
from tools.harness import NOW_MS

SUMMARY = "sales_summary"


def test_a_currency_without_sales_keeps_zero_totals_in_later_syncs(connect: Connect) -> None:
    """All sales of a currency are refunded. Its totals are zero after the next sync and after all later ones."""
    world = empty_world()
    world.add_sales(40, (NOW_MS - 200 * DAY_MS, NOW_MS - 30 * DAY_MS), status="COMPLETE")
    connection = connect(world, [SUMMARY])
    connection.sync()
    currencies = {record["currency_code"] for record in connection.warehouse.rows[SUMMARY].values()}
    assert len(currencies) > 1
    gone = min(currencies - {"BRL"})
    for row in world.expected("sales_history"):
        purchase = row.record["purchase"]
        if purchase["price"]["currency_code"] == gone:
            world.set_status(purchase["transaction"], "REFUNDED")
    for _ in range(3):
        connection.pass_time(days=1)
        run = connection.sync()
        assert any(record["currency_code"] == gone for record in run.records(SUMMARY))
        assert not connection.differences()

"""A sale status that a view rejects even when requested alone, and years whose counting request fails."""

from dataclasses import replace

import pytest

from hotmart_simulator import Simulator, Switches
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from unit_tests.simulator.lookup import raw_rows

HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"


def test_one_view_rejects_a_status_and_lists_no_such_sale(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, refused_statuses=("users:BLOCKED",))
    try:
        assert client.get(USERS, transaction_status="BLOCKED").json()["error"] == "invalid_parameter"
        assert client.get(USERS, transaction_status=["COMPLETE", "BLOCKED"]).status_code == 400
        assert client.get(USERS, transaction_status=["COMPLETE", "EXPIRED"]).status_code == 200
        assert client.get(HISTORY, transaction_status="BLOCKED").status_code == 200
        rows = {row["purchase"]["transaction"]: row for row in raw_rows(simulator.world, "sales_history")}
        blocked = {key for key, row in rows.items() if row["purchase"]["status"] == "BLOCKED"}
        listed = {row["transaction"] for row in raw_rows(simulator.world, "sales_users")}
        assert blocked
        assert set(rows) - listed == blocked
    finally:
        simulator.switches = replace(simulator.switches, refused_statuses=())


def test_a_rejected_status_without_a_view_applies_to_every_view(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, refused_statuses=("BLOCKED",))
    names = ("history", "summary", "users", "commissions", "price/details")
    answers = [client.get(f"/payments/api/v1/sales/{name}", transaction_status="BLOCKED") for name in names]

    assert [answer.status_code for answer in answers] == [400] * 5


@pytest.mark.parametrize("entry", ["BLOKED", "users:BLOKED", "buyers:BLOCKED", ":BLOCKED"])
def test_a_misspelt_status_or_view_is_rejected(entry: str) -> None:
    with pytest.raises(ValueError, match="refused_statuses are STATUS or VIEW:STATUS"):
        Switches(refused_statuses=(entry,))


def test_switches_reject_a_year_or_remove_totals(simulator: Simulator, client: Client) -> None:
    now_ms = simulator.world.now_ms
    year = {"start_date": now_ms - 365 * DAY_MS, "end_date": now_ms, "max_results": 1}
    simulator.switches = replace(simulator.switches, max_window_days=300)
    assert client.get(USERS, **year).status_code == 400
    simulator.switches = replace(simulator.switches, max_window_days=730, totals="nowhere")
    assert "total_results" not in client.get(USERS, **year).json()["page_info"]

"""The simulator's sales endpoints: default statuses, date ranges and filters (hotmart-api.md 4.0 to 4.5)."""

from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, PRICE_DETAILS_STATUSES, SALE_STATUSES
from unit_tests.simulator.lookup import keyed

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
SUMMARY = "/payments/api/v1/sales/summary"
SALES = (HISTORY, USERS, COMMISSIONS, DETAILS, SUMMARY)


def year(**more: Any) -> dict[str, Any]:
    return {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS, **more}


def transactions(rows: list[dict[str, Any]]) -> list[str]:
    return [row["purchase"]["transaction"] for row in rows]


def test_all_sales_are_listed_newest_first(simulator: Simulator, client: Client) -> None:
    rows = client.rows(HISTORY, **year(transaction_status=SALE_STATUSES, max_results=100))
    truth = keyed(simulator.world, "sales_history", start_ms=NOW_MS - 365 * DAY_MS)

    dates = [row["purchase"]["order_date"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    assert {row["purchase"]["transaction"]: row for row in rows} == truth
    assert len(rows) == len(truth) > 200


def test_without_statuses_only_approved_and_complete_sales_are_listed(client: Client) -> None:
    rows = client.rows(HISTORY, **year(max_results=500))
    asked = client.rows(HISTORY, **year(max_results=500, transaction_status=["COMPLETE", "APPROVED"]))

    assert {row["purchase"]["status"] for row in rows} == {"APPROVED", "COMPLETE"}
    assert rows == asked


def test_repeated_statuses_are_combined(client: Client) -> None:
    both = client.rows(HISTORY, **year(max_results=500, transaction_status=["REFUNDED", "EXPIRED"]))
    refunded = client.rows(HISTORY, **year(max_results=500, transaction_status="REFUNDED"))
    expired = client.rows(HISTORY, **year(max_results=500, transaction_status="EXPIRED"))

    assert set(transactions(both)) == {*transactions(refunded), *transactions(expired)}
    assert refunded
    assert expired


def test_a_switch_rejects_repeated_statuses(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(several_statuses="refused")

    refused = client.get(HISTORY, **year(transaction_status=["REFUNDED", "EXPIRED"]))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_parameter")
    assert client.get(HISTORY, **year(transaction_status=["REFUNDED"])).status_code == 200
    assert client.get(HISTORY, **year()).status_code == 200


@pytest.mark.parametrize("path", SALES)
def test_without_dates_only_thirty_days_are_listed(client: Client, path: str) -> None:
    default = client.rows(path, max_results=500)
    asked = client.rows(path, max_results=500, start_date=NOW_MS - 30 * DAY_MS, end_date=NOW_MS)

    assert default == asked
    assert default


def test_both_ends_of_the_date_range_are_included(client: Client) -> None:
    rows = client.rows(HISTORY, **year(max_results=500))
    first, last = (row["purchase"]["order_date"] for row in (rows[20], rows[10]))
    inside = transactions(client.rows(HISTORY, start_date=first, end_date=last, max_results=500))

    assert inside == transactions(rows)[10:21]
    assert transactions(rows)[20] not in transactions(
        client.rows(HISTORY, start_date=first + 1, end_date=last, max_results=500)
    )


@pytest.mark.parametrize("path", SALES)
def test_a_date_range_of_more_than_730_days_is_rejected(client: Client, path: str) -> None:
    longest = {"start_date": NOW_MS - 730 * DAY_MS, "end_date": NOW_MS}

    assert client.get(path, **longest).status_code == 200
    refused = client.get(path, start_date=longest["start_date"] - 1, end_date=NOW_MS)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_parameter")
    assert client.get(path, start_date=NOW_MS - 731 * DAY_MS).status_code == 400
    old = {"start_date": NOW_MS - 1_460 * DAY_MS, "end_date": NOW_MS - 800 * DAY_MS}
    assert client.get(path, **old).status_code == 200


def test_a_future_end_date_is_rejected_by_default(simulator: Simulator, client: Client) -> None:
    future = {"start_date": NOW_MS - DAY_MS, "end_date": NOW_MS + 1}

    assert client.get(HISTORY, **future).json()["error"] == "invalid_parameter"
    simulator.switches = Switches(future_end_date="accept")
    assert client.get(HISTORY, **future).status_code == 200


def test_a_transaction_is_found_in_any_status_and_at_any_age(simulator: Simulator, client: Client) -> None:
    truth = keyed(simulator.world, "sales_history")
    old = next(key for key, raw in truth.items() if raw["purchase"]["status"] == "EXPIRED")

    assert client.rows(HISTORY, transaction=old) == [truth[old]]
    assert client.rows(HISTORY, transaction=old, transaction_status="COMPLETE") == []
    assert client.rows(HISTORY, transaction=old, start_date=NOW_MS - DAY_MS) == []
    assert client.rows(HISTORY, transaction="HP0000000000") == []
    assert client.rows(HISTORY, transaction="nonsense") == []
    assert client.rows(USERS, transaction=old)[0]["transaction"] == old


def test_a_buyer_is_found_in_the_whole_history(simulator: Simulator, client: Client) -> None:
    oldest = client.rows(HISTORY, start_date=NOW_MS - 1_461 * DAY_MS, end_date=NOW_MS - 1_300 * DAY_MS)[-1]
    email = oldest["buyer"]["email"]
    rows = client.rows(HISTORY, buyer_email=email, max_results=500)

    assert oldest in rows
    assert {row["buyer"]["email"] for row in rows if "email" in row.get("buyer", {})} == {email}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("product_id", ("product", "id")),
        ("payment_type", ("purchase", "payment", "type")),
        ("offer_code", ("purchase", "offer", "code")),
        ("commission_as", ("purchase", "commission_as")),
        ("sales_source", ("purchase", "tracking", "source")),
    ],
)
def test_a_filter_returns_exactly_the_matching_sales(client: Client, name: str, field: tuple[str, ...]) -> None:
    everything = client.rows(HISTORY, **year(max_results=500))

    def value(row: Any) -> Any:
        for part in field:
            row = row.get(part, {})
        return row

    wanted = next(value(row) for row in everything if value(row))
    kept = [row for row in everything if value(row) == wanted]
    assert client.rows(HISTORY, **year(max_results=500, **{name: wanted})) == kept
    assert 0 < len(kept) < len(everything)


def test_select_limits_the_fields_of_a_record(client: Client) -> None:
    whole = client.rows(HISTORY)[0]
    cut = client.get(HISTORY, select="purchase.transaction,product,nothing.here").json()["items"][0]
    empty = client.get(HISTORY, select="nothing").json()["items"][0]

    expected = {"purchase": {"transaction": whole["purchase"]["transaction"]}, "product": whole["product"]}
    assert cut == expected
    assert empty == {}


def test_the_summary_adds_up_commissions_by_currency(client: Client) -> None:
    sums: dict[str, list[Any]] = {}
    for row in client.rows(COMMISSIONS, **year(max_results=500)):
        for part in row["commissions"]:
            commission = part["commission"]
            currency = commission.get("currency_code") or commission["currency_value"]
            total = sums.setdefault(currency, [0, 0])
            total[0] += 1
            total[1] += round(commission["value"] * 100)

    items = client.rows(SUMMARY, **year())
    assert {i["total_value"]["currency_code"]: i["total_items"] for i in items} == {c: n for c, (n, _) in sums.items()}
    for item in items:
        assert round(item["total_value"]["value"] * 100) == sums[item["total_value"]["currency_code"]][1]
    assert len(items) >= 3
    assert len(client.rows(SUMMARY, **year(max_results=1))) == len(items)


def test_users_commissions_and_details_list_the_same_sales(client: Client) -> None:
    sold = transactions(client.rows(HISTORY, **year(max_results=500, transaction_status=PRICE_DETAILS_STATUSES)))

    for path in (USERS, COMMISSIONS, DETAILS):
        rows = client.rows(path, **year(max_results=500, transaction_status=PRICE_DETAILS_STATUSES))
        assert [row["transaction"] for row in rows] == sold

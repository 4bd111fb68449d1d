"""The initial subscriptions agree with their charges. Other tests of subscriptions use `Account` too."""

from collections.abc import Iterator
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, PENDING_STATUSES, SALE_STATUSES, SUBSCRIPTION_STATUSES
from hotmart_simulator.subscriptions.charges import History

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
Record = dict[str, Any]


class Account:
    """A small account, and its endpoints' data about one subscriber."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.world = client.simulator.world

    def move(self, name: str, count: int = 1) -> list[str]:
        return [str(code) for code in self.world.moves[name](count)]

    def one(self, name: str) -> str:
        """Make one change and return the code of the subscription."""
        codes = self.move(name)
        assert len(codes) == 1
        return codes[0]

    def subscription(self, code: str) -> Record:
        rows = self.client.rows(SUBSCRIPTIONS, accession_date=0, subscriber_code=code)
        assert len(rows) == 1
        return rows[0]

    def summary(self, code: str) -> Record:
        rows = self.client.rows(f"{SUBSCRIPTIONS}/summary", accession_date=0, subscriber_code=code)
        assert len(rows) == 1
        return rows[0]

    def charges(self, code: str) -> list[Record]:
        """Return one row per charge, oldest first."""
        rows = self.client.rows(f"{SUBSCRIPTIONS}/transactions", transaction_date=0, subscriber_code=code)
        kept = {row["purchase"]["transaction"]: row for row in reversed(rows)}
        return sorted(kept.values(), key=lambda row: int(row["purchase"]["order_date"]))

    def purchases(self, code: str) -> list[Record]:
        rows: list[Record] = self.client.get(f"{SUBSCRIPTIONS}/{code}/purchases").json()
        return rows

    def sale(self, transaction: str) -> Record:
        query = {"transaction": transaction, "transaction_status": SALE_STATUSES}
        purchase: Record = self.client.rows("/payments/api/v1/sales/history", **query)[0]["purchase"]
        return purchase

    def new(self, *, monthly: bool = True) -> str:
        """Add subscriptions until one has a monthly plan. Without `monthly`, add one."""
        while True:
            code = self.one("subscriptions")
            if not monthly or self.subscription(code)["plan"]["recurrency_period"] == 30:
                return code

    def set_status(self, code: str, status: str) -> None:
        index = self.world.subscriptions.codes.number(code)
        assert index is not None
        self.world.setting.record("subscription.status", index, self.world.now_ms, status)

    def only(self, code: str) -> None:
        """Cancel every other subscription that can be charged, so that the next change affects this one."""
        state = self.world.subscriptions
        for other in range(len(state)):
            if state.codes.text(other) != code and not state.status(other).startswith("CANCELLED"):
                self.set_status(state.codes.text(other), "CANCELLED_BY_SELLER")


@pytest.fixture
def account() -> Iterator[Account]:
    world = World(seed=1, sales=120, subscriptions=30, students=0, products=8, now_ms=NOW_MS)
    switches = Switches(limit_per_minute=100_000, untotalled_order="stable", empty_pages="items", max_window_days=3000)
    with Simulator(world, switches) as simulator, Client(simulator) as client:
        yield Account(client)


def delayed(account: Account) -> str:
    """Return a monthly subscription whose second charge failed and is retried. It is the only active one."""
    while True:
        code = account.new()
        account.only(code)
        account.world.advance(30 * DAY_MS)
        assert account.move("failed_charges") == [code]
        if account.subscription(code)["status"] == "DELAYED":
            return code


def small_world(seed: int) -> World:
    return World(seed=seed, sales=120, subscriptions=30, students=0, products=8, now_ms=NOW_MS)


@pytest.fixture(scope="module", params=["small", "large"])
def population(request: pytest.FixtureRequest) -> World:
    """An account that tests must not change."""
    return small_world(1) if request.param == "small" else World(seed=2, now_ms=NOW_MS)


def histories(world: World) -> list[History]:
    return [History(world, index) for index in range(len(world.subscriptions))]


@pytest.mark.parametrize("seed", range(6))
def test_a_small_account_has_every_status_and_kind_of_charge(seed: int) -> None:
    rows = histories(small_world(seed))
    charges = [charge for history in rows for charge in history.charges]

    assert {history.contract.status for history in rows} == set(SUBSCRIPTION_STATUSES)
    assert {charge.kind for charge in charges} == {"AUTOMATIC", "NEGOTIATION", "ANTICIPATION"}
    assert any(history.has_retry(charge) for history in rows for charge in history.charges)


def test_subscription_statuses_match_their_charges(population: World) -> None:
    for history in histories(population):
        status, last = history.contract.status, history.last
        assert last is not None
        if status in ("DELAYED", "OVERDUE"):
            assert not last.is_paid
            assert last.number > 1
        if status == "STARTED":
            assert last.number == 1
            assert not last.is_paid
        if status == "ACTIVE":
            assert last.is_paid or last.status in PENDING_STATUSES


def test_no_recurrence_is_paid_twice_or_after_the_last_cycle(population: World) -> None:
    for history in histories(population):
        paid = [
            number for charge in history.charges if charge.is_paid for number in (charge.settled or (charge.number,))
        ]
        assert len(paid) == len(set(paid))
        assert history.reached <= (history.contract.plan.max_cycles or history.reached)


def test_the_next_charge_of_an_active_subscription_is_in_the_future(population: World) -> None:
    dates = [
        date_ms
        for history in histories(population)
        if history.contract.status == "ACTIVE" and (date_ms := history.contract.next_charge_ms()) is not None
    ]

    assert dates
    assert min(dates) >= NOW_MS - DAY_MS / 2

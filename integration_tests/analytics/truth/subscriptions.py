"""Subscriptions, and the number that were running in each month."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from hotmart_simulator import World
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.subscriptions.facts import Contract
from integration_tests.analytics.truth.forms import amount, day, half_up, local, moment, share

STATES: Final = {
    "ACTIVE": "active",
    "DELAYED": "late",
    "CANCELLED_BY_CUSTOMER": "cancelled",
    "CANCELLED_BY_SELLER": "cancelled",
    "CANCELLED_BY_ADMIN": "cancelled",
    "OVERDUE": "lapsed",
    "INACTIVE": "lapsed",
    "STARTED": "not_begun",
}
"""States by status. Active and delayed subscriptions continue by Hotmart's own lifetime (reference 5.7). Overdue ones
ended at expiry."""
CANCELLED_BY: Final = {
    "CANCELLED_BY_CUSTOMER": "customer",
    "CANCELLED_BY_SELLER": "seller",
    "CANCELLED_BY_ADMIN": "hotmart",
}
MONTH_DAYS: Final = 30


@dataclass(frozen=True)
class Life:
    """One subscription and its running period, from the dates that Hotmart shows and from its payments."""

    contract: Contract
    state: str
    paid_charges: int
    last_paid_ms: int | None
    end_ms: int | None
    is_end_estimated: bool
    monthly_cents: int

    @property
    def is_reactivated(self) -> bool:
        """Whether the subscription restarted more than a day after it was created."""
        return self.contract.accession_ms - self.contract.created_ms > DAY_MS

    @property
    def paid_monthly_cents(self) -> int:
        """Return the monthly payment in cents. Trials are free."""
        return 0 if self.contract.in_trial else self.monthly_cents


def _lives(world: World, as_of_ms: int) -> list[Life]:
    return [_life(world, index, as_of_ms) for index in world.subscriptions.by_accession]


def _life(world: World, index: int, as_of_ms: int) -> Life:
    contract = Contract(world, index)
    state = STATES[contract.status]
    charges = [world.sale(serial) for serial in world.subscriptions.charges(index)]
    paid = [sale.order_ms for sale in charges if sale.status in ("APPROVED", "COMPLETE")]
    started_ms, last_paid_ms = contract.accession_ms, max(paid, default=None)
    paid_until_ms = started_ms if last_paid_ms is None else last_paid_ms + contract.plan.period_days * DAY_MS
    lapsed_ms = min(max(paid_until_ms, started_ms), max(as_of_ms, started_ms))
    end_ms = {"cancelled": contract.end_ms, "lapsed": lapsed_ms}.get(state)
    monthly_cents = half_up(Fraction(contract.cents * MONTH_DAYS, contract.plan.period_days))
    return Life(contract, state, len(paid), last_paid_ms, end_ms, state == "lapsed", monthly_cents)


def subscriptions(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__subscriptions at a given time."""
    rows = []
    for life in _lives(world, as_of_ms):
        contract, is_active = life.contract, life.state in ("active", "late")
        rows.append(
            {
                "subscription_code": contract.code,
                "subscription_id": str(contract.id),
                "status": contract.status,
                "state": life.state,
                "is_active": is_active,
                "is_trial": contract.in_trial,
                "cancelled_by": CANCELLED_BY.get(contract.status),
                "started_at": moment(contract.accession_ms),
                "started_on": day(contract.accession_ms),
                "is_reactivated": life.is_reactivated,
                "ended_at": moment(life.end_ms),
                "ended_on": day(life.end_ms),
                "is_end_estimated": life.is_end_estimated,
                "product_id": str(contract.product.id),
                "period_days": contract.plan.period_days,
                "price_amount": amount(contract.cents),
                "currency_code": contract.subscriber.currency,
                "monthly_price_amount": amount(life.monthly_cents),
                "mrr_amount": amount(life.paid_monthly_cents if is_active else 0),
                "paid_charges": life.paid_charges,
                "last_paid_at": moment(life.last_paid_ms),
                "subscriber_ucode": contract.subscriber.ucode.upper(),
            }
        )
    return rows


def subscriptions_monthly(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__subscriptions_monthly. Counts the subscriptions that were running at the start and end of each
    month."""
    lives = [life for life in _lives(world, as_of_ms) if life.state != "not_begun"]
    first = min(local(life.contract.accession_ms) for life in lives).replace(day=1)
    currencies = sorted({life.contract.subscriber.currency for life in lives})
    rows = []
    while first <= local(as_of_ms):
        following = (first + timedelta(days=31)).replace(day=1)
        for currency in currencies:
            own = [life for life in lives if life.contract.subscriber.currency == currency]
            rows.append({"month_on": first.isoformat(), "currency_code": currency, **_month(own, first, following)})
        first = following
    return rows


def _month(lives: list[Life], first: date, following: date) -> dict[str, Any]:
    def begun(life: Life) -> date:
        return local(life.contract.accession_ms)

    def ended(life: Life) -> date:
        return date.max if life.end_ms is None else local(life.end_ms)

    def cents(some: list[Life]) -> str | None:
        return amount(sum(life.paid_monthly_cents for life in some))

    at_start = [life for life in lives if begun(life) < first <= ended(life)]
    at_end = [life for life in lives if begun(life) < following <= ended(life)]
    new = [life for life in lives if first <= begun(life) < following]
    back = [life for life in new if life.is_reactivated]
    first_time = [life for life in new if not life.is_reactivated]
    left = [life for life in lives if first <= ended(life) < following]
    return {
        "active_at_start": len(at_start),
        "new_subscriptions": len(first_time),
        "reactivated_subscriptions": len(back),
        "cancelled_subscriptions": sum(life.state == "cancelled" for life in left),
        "lapsed_subscriptions": sum(life.state == "lapsed" for life in left),
        "active_at_end": len(at_end),
        "churn_rate": share(len(left), len(at_start)),
        "mrr_at_start_amount": cents(at_start),
        "new_mrr_amount": cents(first_time),
        "reactivated_mrr_amount": cents(back),
        "lost_mrr_amount": cents(left),
        "mrr_at_end_amount": cents(at_end),
    }

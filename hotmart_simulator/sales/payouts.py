"""The commissions of a sale, and the totals of many sales (hotmart-api.md 5.2 and 5.4)."""

from collections.abc import Iterable
from dataclasses import dataclass

from hotmart_simulator.common.money import RATES
from hotmart_simulator.common.people import Person
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.switches import Switches

Share = tuple[str, Person, int]
"""One commission of a sale: its source, its recipient, and cents of the sale's payout currency."""


@dataclass(slots=True)
class Total:
    """The number of commissions or sales in one currency, and their sum in cents."""

    items: int = 0
    cents: int = 0


def payout(sale: Sale) -> tuple[str, float]:
    """Return the currency of a sale's commissions and the rate to it from the sale's currency.

    The rate converts the purchase value without taxes into gross commission (0.5). Every other foreign sale is paid out
    in the producer's currency, the rest in the sale's own.
    """
    currency, home = sale.currency, sale.product.producer.currency
    if currency == home or sale.bits >> 37 & 1:
        return currency, 1
    return home, round(RATES[home] / RATES[currency], 4)


def shares(sale: Sale, rate: float) -> list[Share]:
    """Return the commissions of a sale, the producer's first. They add up to the gross commission less the fee."""
    producer = sale.product.producer
    net_cents = left_cents = int(sale.list_cents * rate) * 90 // 100
    parts: list[Share] = []
    for coproducer in sale.coproducers:
        parts.append(("COPRODUCER", coproducer, net_cents // 4))
        left_cents -= net_cents // 4
    if sale.affiliate is not None:
        parts.append(("AFFILIATE", sale.affiliate, net_cents // 3))
        left_cents -= net_cents // 3
    if sale.bits >> 43 & 31 == 0:
        parts.append(("ADDON", producer, net_cents // 50))
        left_cents -= net_cents // 50
    return [("PRODUCER", producer, left_cents), *parts]


def totals(sales: Iterable[Sale], switches: Switches) -> dict[str, Total]:
    """Return the totals of sales by currency: of their commissions (0.5), or of their prices by the switch."""
    found: dict[str, Total] = {}
    for sale in sales:
        if switches.summary_totals == "prices":
            currency, items, cents = sale.currency, 1, sale.cents
        else:
            currency, rate = payout(sale)
            parts = shares(sale, rate)
            items, cents = len(parts), sum(part_cents for _, _, part_cents in parts)
        total = found.setdefault(currency, Total())
        total.items += items
        total.cents += cents
    return found

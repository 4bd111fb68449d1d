"""The account's products with their offers and plans, and a few that belong to others."""

from dataclasses import dataclass
from typing import Any, Final

from hotmart_simulator.common.people import People, Person
from hotmart_simulator.common.random_source import hexadecimal, scatter, seed_of, uuid_text
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import DAY_MS, PRODUCT_FORMATS, PRODUCT_STATUSES

# Days, name, kind of recurrence: 5.6 and 5.8.
PERIODS: Final = (
    (30, "Monthly", "MONTHLY"),
    (360, "Annual", "ANNUAL"),
    (90, "Quarterly", "QUARTERLY"),
    (7, "Weekly", "WEEKLY"),
    (180, "Half-yearly", "BIANNUAL"),
    (60, "Bimonthly", "BIMONTHLY"),
)
OFFER_MODES: Final = (
    "UNIQUE_PAYMENT",
    "MULTIPLE_PAYMENTS",
    "PAY_IN_FULL",
    "NOT_DEFINED",
    "INVOICE",
    "SMART_INSTALLMENT",
    "BILLET_INSTALLMENT",
)
# Sold with others: products/api lists an account's own products only (hotmart-api.md 4.10).
FOREIGN: Final = ("COPRODUCER", "AFFILIATE", "COPRODUCER", "AFFILIATE")


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan of a subscription product; price in cents of the real."""

    id: int
    name: str
    period_days: int
    recurrency_type: str
    price_cents: int
    max_cycles: int | None
    trial_days: int | None
    offer_code: str


@dataclass(frozen=True, slots=True)
class Product:
    """One product; `raw` is the record of products/api, `brief` what sales show of it."""

    id: int
    name: str
    ucode: str
    is_subscription: bool
    warranty_days: int
    role: str
    price_cents: int
    producer: Person
    coproducer: Person | None
    offers: tuple[tuple[str, str], ...]
    plans: tuple[Plan, ...]
    raw: dict[str, Any]
    brief: dict[str, Any]


class ProductState:
    """Own products first; `one_off` and `recurring` are what a sale can be of."""

    def __init__(self, setting: Setting, count: int) -> None:
        """`count` own products, created in the two years before the account's start, and four foreign ones."""
        seed, people, start_ms = setting.seed, setting.people, setting.start_ms
        own = tuple(_product(seed, number, "PRODUCER", people, start_ms) for number in range(count))
        foreign = tuple(_product(seed, count + number, role, people, start_ms) for number, role in enumerate(FOREIGN))
        self.own = own
        # Twice the own ones, so that foreign products stay the smaller part of the sales.
        self.one_off = tuple(product for product in (*own, *own, *foreign) if not product.is_subscription)
        self.recurring = tuple(product for product in own or foreign if product.is_subscription)


def _product(seed: int, number: int, role: str, people: People, start_ms: int) -> Product:
    bits_of = seed_of(seed, "products")
    bits = scatter(bits_of + number)
    # Every fourth own product is a subscription, and at least one of a world that has none of its own.
    is_subscription = number % 4 == 0 and (role == "PRODUCER" or number == 0)
    product_id = 1_200_000 + number * 4_001 + bits % 4_000
    name = f"{('Course', 'Workshop', 'Club', 'Mentoring', 'Templates')[bits % 5]} {number + 1}"
    ucode = uuid_text(bits_of, number).lower()
    status = PRODUCT_STATUSES[number % 7] if number % 3 == 2 else ("ACTIVE", "PAUSED")[bits >> 8 & 1]
    warranty_days = (7, 7, 15, 30)[(bits >> 10) % 4]
    price_cents = ((bits >> 16) % 90 + 1) * 1_000 + (bits >> 30) % 10 * 70
    raw = {
        "id": product_id,
        "name": name,
        "ucode": ucode,
        "status": status,
        "created_at": start_ms - bits % (730 * DAY_MS),
        "format": _format(number),
        "is_subscription": is_subscription,
        "warranty_period": warranty_days,
    }
    own = role == "PRODUCER"
    return Product(
        id=product_id,
        name=name,
        ucode=ucode,
        is_subscription=is_subscription,
        warranty_days=warranty_days,
        role=role,
        price_cents=price_cents,
        producer=people.owner if own else people.partners[number % 3],
        coproducer=(people.partners[3 + number % 3] if number % 5 == 0 else None)
        if own
        else (people.owner if role == "COPRODUCER" else None),
        offers=tuple(
            (
                hexadecimal(bits_of, number * 16 + offer, 8).lower(),
                OFFER_MODES[(number + offer) % 7] if offer else OFFER_MODES[0],
            )
            for offer in range(3)
        ),
        plans=_plans(bits_of, number, price_cents) if is_subscription else (),
        raw=raw,
        brief={"id": product_id, "name": name},
    )


def _format(number: int) -> str:
    """Every other one a course, one in twelve an event (never a subscription), the others in turn."""
    if number % 12 == 3:
        return "ETICKET"
    return "ONLINE_COURSE" if number % 2 else PRODUCT_FORMATS[(number // 2) % len(PRODUCT_FORMATS)]


def _plans(bits_of: int, number: int, price_cents: int) -> tuple[Plan, ...]:
    plans = []
    for place in range(3):
        days, name, recurrency_type = PERIODS[place if place < 2 else 2 + number // 4 % 4]
        plans.append(
            Plan(
                id=500_000 + number * 8 + place,
                name=name,
                period_days=days,
                recurrency_type=recurrency_type,
                price_cents=max(100, price_cents * days // 360),
                max_cycles=12 if place == 2 else None,
                trial_days=7 if place == 0 else None,
                offer_code=hexadecimal(bits_of, number * 16 + 8 + place, 8).lower(),
            )
        )
    return tuple(plans)

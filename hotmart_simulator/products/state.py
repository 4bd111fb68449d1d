"""The account's products with their offers and plans, and a few that belong to other accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count as numbers_from
from typing import Any, Final

from hotmart_simulator.common.people import People, Person
from hotmart_simulator.common.random_source import hexadecimal, scatter, seed_of, uuid_text
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import DAY_MS, PRODUCT_FORMATS
from hotmart_simulator.ledger import Event

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
# Every third product has one of these, in turn. The first ones are those whose children or rows can be missing.
RARE_STATUSES: Final = (
    "DRAFT",
    "DELETED",
    "IN_REVIEW",
    "NOT_APPROVED",
    "CHANGES_PENDING_ON_PRODUCT",
    "PAUSED",
    "ACTIVE",
)
# Sold with others: products/api lists an account's own products only (hotmart-api.md 4.10).
FOREIGN: Final = ("COPRODUCER", "AFFILIATE", "COPRODUCER", "AFFILIATE")


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer, with its price in cents of the real."""

    code: str
    payment_mode: str
    price_cents: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan of a subscription product, with its price in cents of the real."""

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
    """One product. `raw` is the current record of products/api.

    Only `raw` and the later offers and plans change after the creation, because sales and tickets derive from the rest.
    `brief` is the part of the product that they show.
    """

    number: int
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
    later_offers: tuple[Offer, ...] = ()
    later_plans: tuple[Plan, ...] = ()

    @property
    def status(self) -> str:
        """Return the current status."""
        status: str = self.raw["status"]
        return status

    @property
    def is_event(self) -> bool:
        """Whether the product has tickets (hotmart-api.md 4.18)."""
        return bool(self.raw["format"] == "ETICKET")


class ProductState:
    """Own products by number, then four of other accounts. New products get the numbers after these.

    `own` holds the current state of the account's own products, `coproduced` the products that it sells as a
    co-producer. `one_off` and `recurring` are the products that sales can have. Sales store an index into them, so
    these two lists never change.
    """

    own: tuple[Product, ...]

    def __init__(self, setting: Setting, count: int) -> None:
        """Create `count` own products, in the two years before the account's start, and four foreign ones."""
        self._seed, self._people = setting.seed, setting.people
        seed, people, start_ms = setting.seed, setting.people, setting.start_ms
        own = tuple(_product(seed, number, "PRODUCER", people, start_ms) for number in range(count))
        foreign = tuple(_product(seed, count + number, role, people, start_ms) for number, role in enumerate(FOREIGN))
        # Twice the own ones, so that products of other accounts have the smaller part of the sales.
        self.one_off = tuple(product for product in (*own, *own, *foreign) if not product.is_subscription)
        self.recurring = tuple(product for product in own or foreign if product.is_subscription)
        self.next_number = count + len(FOREIGN)
        """The number of the next new product."""
        self.coproduced = tuple(product for product in foreign if product.role == "COPRODUCER")
        self._now = {product.number: product for product in (*own, *self.coproduced)}
        self._number_of_id = {product.id: product.number for product in self._now.values()}
        self._number_of_ucode = {product.ucode: product.number for product in self._now.values()}
        self.own = own
        setting.ledger.project("product.created", self._on_created)
        setting.ledger.project("product.changed", self._on_changed)
        setting.ledger.project("product.offered", self._on_offered)

    def numbered(self, number: int) -> Product:
        """Return the current state of an own or co-produced product. Raise KeyError for any other number."""
        return self._now[number]

    def by_id(self, product_id: int) -> Product | None:
        """Return the own or co-produced product with an id, or None where there is none."""
        number = self._number_of_id.get(product_id)
        return None if number is None else self._now[number]

    def by_ucode(self, ucode: str) -> Product | None:
        """Return the own or co-produced product with a lower-case ucode, or None where there is none."""
        number = self._number_of_ucode.get(ucode)
        return None if number is None else self._now[number]

    def _on_created(self, event: Event) -> None:
        """`value` is the status."""
        product = _product(self._seed, event.subject, "PRODUCER", self._people, event.at_ms)
        product = replace(product, raw={**product.raw, "created_at": event.at_ms, "status": event.value})
        self._number_of_id[product.id] = self._number_of_ucode[product.ucode] = product.number
        self.next_number = product.number + 1
        self._set(product)

    def _on_changed(self, event: Event) -> None:
        """`value` holds the changed fields of the record."""
        changes: Mapping[str, object] = event.value
        product = self._now[event.subject]
        self._set(replace(product, raw={**product.raw, **changes}))

    def _on_offered(self, event: Event) -> None:
        """`value` is the payment mode. The offer of a subscription product is that of a new plan."""
        product, bits_of = self._now[event.subject], seed_of(self._seed, "products")
        place = 3 + len(product.later_offers) + len(product.later_plans)
        code = hexadecimal(bits_of, (product.number << 32) + place, 8).lower()
        if product.is_subscription:
            plan = _later_plan(product, place, code)
            self._set(replace(product, later_plans=(*product.later_plans, plan)))
        else:
            offer = Offer(code, event.value, product.price_cents + place * 500)
            self._set(replace(product, later_offers=(*product.later_offers, offer)))

    def _set(self, product: Product) -> None:
        self._now[product.number] = product
        self.own = tuple(each for each in self._now.values() if each.role == "PRODUCER")


def event_number_from(number: int) -> int:
    """Return the first event's number that is not below the given one."""
    return next(each for each in numbers_from(number) if _format(each) == "ETICKET")


def _product(seed: int, number: int, role: str, people: People, start_ms: int) -> Product:
    bits_of = seed_of(seed, "products")
    bits = scatter(bits_of + number)
    # Every fourth own product is a subscription. Product 0 is one in every role, so that each account has one.
    is_subscription = number % 4 == 0 and (role == "PRODUCER" or number == 0)
    product_id = 1_200_000 + number * 4_001 + bits % 4_000
    name = f"{('Course', 'Workshop', 'Club', 'Mentoring', 'Templates')[bits % 5]} {number + 1}"
    ucode = uuid_text(bits_of, number).lower()
    warranty_days = (7, 7, 15, 30)[(bits >> 10) % 4]
    price_cents = ((bits >> 16) % 90 + 1) * 1_000 + (bits >> 30) % 10 * 70
    own = role == "PRODUCER"
    raw = {
        "id": product_id,
        "name": name,
        "ucode": ucode,
        "status": _status(number, bits) if own else "ACTIVE",
        "created_at": start_ms - bits % (730 * DAY_MS),
        "format": _format(number) if own else "EBOOK",
        "is_subscription": is_subscription,
        "warranty_period": warranty_days,
    }
    return Product(
        number=number,
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


def _status(number: int, bits: int) -> str:
    """Return a status: a rare one for every third product, active or paused for the others, and for events in turn."""
    if number % 3 == 2:
        return RARE_STATUSES[number // 3 % len(RARE_STATUSES)]
    if number % 12 == 3:
        return ("PAUSED", "ACTIVE")[number // 12 % 2]
    return ("ACTIVE", "PAUSED")[bits >> 8 & 1]


def _format(number: int) -> str:
    """Return a format: every second product is a course, one in twelve an event. No subscription is an event."""
    if number % 12 == 3:
        return "ETICKET"
    if number % 2:
        return "ONLINE_COURSE"
    form = PRODUCT_FORMATS[(number // 2) % len(PRODUCT_FORMATS)]
    return "ONLINE_SERVICE" if form == "ETICKET" and number % 4 == 0 else form


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


def _later_plan(product: Product, place: int, offer_code: str) -> Plan:
    days, name, recurrency_type = PERIODS[place % len(PERIODS)]
    return Plan(
        id=5_000_000 + product.number * 1_000 + place,
        name=f"{name} {place + 1}",
        period_days=days,
        recurrency_type=recurrency_type,
        price_cents=max(100, product.price_cents * days // 360),
        max_cycles=None,
        trial_days=None,
        offer_code=offer_code,
    )

"""A Hotmart account with all its data, and the changes that can happen to it. Knows nothing of HTTP."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from threading import RLock
from typing import Any, Final

from hotmart_simulator import creation
from hotmart_simulator.common.people import people_of
from hotmart_simulator.common.random_source import Alphanumerics, Transactions, seed_of
from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    DEFAULT_SUBDOMAINS,
    SALE_STATUSES,
    STATUS_INDEX,
    SUBSCRIPTION_STATUSES,
)
from hotmart_simulator.coupons.state import CouponBook
from hotmart_simulator.events import records as events
from hotmart_simulator.events.state import TicketBook
from hotmart_simulator.expected import Key, Window, detached, records
from hotmart_simulator.members_area.state import Clubs
from hotmart_simulator.products.state import catalogue_of
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.state import SaleBook
from hotmart_simulator.subscriptions.state import SubscriptionBook

DEFAULT_NOW_MS: Final = 1_768_478_400_000  # 2026-01-15T12:00:00Z
DEFAULT_SPAN_MS: Final = 1_461 * DAY_MS  # four years
# at_ms of a change: one moment, a range in which each change gets its own, or None for now.
Moment = int | tuple[int, int] | None


class World:
    """The state of one account, equal for equal arguments. All times are epoch milliseconds.

    A million sales take about 40 MB: only dates, statuses and links are stored, and a record is worked out
    from its number whenever it is asked for. `lock` is held by whoever reads or changes more than one thing.
    """

    def __init__(
        self,
        seed: int = 1,
        sales: int = 5000,
        subscriptions: int = 1000,
        students: int = 400,
        products: int = 30,
        start_ms: int | None = None,
        now_ms: int | None = None,
        *,
        subdomains: tuple[str, ...] = DEFAULT_SUBDOMAINS,
        modules: int = 8,
        coupons: int = 60,
        participants: int = 120,
    ) -> None:
        """`modules` are those of each club, `coupons` and `participants` those of the account."""
        self.seed = seed
        self.now_ms = DEFAULT_NOW_MS if now_ms is None else now_ms
        self.start_ms = self.now_ms - DEFAULT_SPAN_MS if start_ms is None else start_ms
        if self.start_ms > self.now_ms:
            raise ValueError("start_ms is after now_ms")
        self.born_ms = self.now_ms  # what the first population was made for; `now_ms` moves on
        self.subdomains = subdomains
        self.student_count = students
        self.lock = RLock()
        self.version = 0  # grows with every change; for whoever keeps something derived
        self.sale_bits = seed_of(seed, "sales")
        self.contract_bits = seed_of(seed, "subscriptions")
        self.student_bits = seed_of(seed, "students")
        self.transactions = Transactions(seed)
        self.subscriber_codes = Alphanumerics(seed, "subscribers")
        self.student_codes = Alphanumerics(seed, "students", width=10)
        self.people = people_of(seed)
        self.catalogue = catalogue_of(seed, products, self.people, self.start_ms)
        self.sales = SaleBook()
        self.subscriptions = SubscriptionBook(self)
        self.coupons = CouponBook(self, coupons)
        self.tickets = TicketBook(self, participants)
        self.clubs = Clubs(self, modules)
        self.random = Random(seed_of(seed, "changes"))  # for whatever happens later
        creation.populate(self, sales, subscriptions)

    # Reading

    def sale(self, serial: int) -> Sale:
        return Sale(self, serial)

    def serial(self, transaction: str) -> int | None:
        """The number of a sale, None when there is no such sale."""
        serial = self.transactions.serial(transaction)
        return serial if serial is not None and serial < len(self.sales) else None

    def status_of(self, transaction: str) -> str:
        return self.sales.status(self._known(transaction))

    def event_info(self, product_id: str) -> dict[str, Any]:
        """What is told of an event beside its participants; `product_id` as they carry it."""
        event = next(product for product in self.tickets.events if str(product.id) == product_id)
        return events.info(self, event)

    def truth(self, stream: str, **options: Any) -> dict[Any, dict[str, Any]]:
        """Every record of a stream by its key (text, or a tuple of texts: the stream decides), as the API would
        send it now; options as in `iter_keyed`.
        """
        with self.lock:
            return {key: detached(raw) for key, raw in self.iter_keyed(stream, **options)}

    def iter_raw(self, stream: str, **options: Any) -> Iterator[dict[str, Any]]:
        """The records of a stream one by one; not to be changed, and not while the world moves."""
        return (raw for _, raw in self.iter_keyed(stream, **options))

    def iter_keyed(
        self,
        stream: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        currency_rows: bool = True,
        pages_version: int = 1,
    ) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Key and record, one by one. The window is over the stream's own date, both ends included: order
        date, accession date, or last update of a subscription transaction or of a ticket. `pages_version` is
        that of the endpoint whose form the club's pages have, 1 or 2.
        """
        window = Window(start_ms, end_ms)
        return records(self, stream, window, currency_rows=currency_rows, pages_version=pages_version)

    # Moving

    def advance(self, ms: int) -> int:
        """Let time pass; nothing else happens by itself."""
        with self.lock:
            self.now_ms += ms
            return self.now_ms

    def add_sales(self, count: int, at_ms: Moment = None, *, status: str = "APPROVED") -> list[str]:
        """New sales, one in three a further charge of a running subscription; returns their transactions."""
        with self.lock:
            made = []
            for _ in range(count):
                order_ms = self.moment(at_ms)
                made.append(self._sell(order_ms, status, self._charged_subscription(order_ms)))
            return made

    def set_status(self, transaction: str, status: str, at_ms: int | None = None) -> None:
        """Change one sale; its subscription transaction is updated at the same moment."""
        if status not in STATUS_INDEX:
            raise ValueError(f"{status} is none of {', '.join(SALE_STATUSES)}")
        with self.lock:
            self.sales.set_status(self._known(transaction), status, self.moment(at_ms))
            self.version += 1

    def change_status(
        self,
        count: int,
        from_statuses: str | tuple[str, ...],
        to_status: str,
        at_ms: int | None = None,
        seed: int | None = None,
        *,
        ordered: tuple[int, int] | None = None,
    ) -> list[str]:
        """Change up to `count` sales picked at random, of those ordered in a window; returns which."""
        with self.lock:
            start_ms, end_ms = ordered or (None, None)
            statuses = (from_statuses,) if isinstance(from_statuses, str) else from_statuses
            found = self.sales.find(start_ms, end_ms, statuses)
            random = self.random if seed is None else Random(seed)
            serials = found.page(0, found.total)
            picked = [self.transactions.text(serial) for serial in random.sample(serials, min(count, len(serials)))]
            for transaction in picked:
                self.set_status(transaction, to_status, at_ms)
            return picked

    def refund(self, count: int, at_ms: int | None = None, *, within_days: int = 60) -> list[str]:
        """Refund up to `count` paid sales ordered within so many days before now."""
        window = (self.now_ms - within_days * DAY_MS, self.now_ms)
        return self.change_status(count, ("APPROVED", "COMPLETE"), "REFUNDED", at_ms, ordered=window)

    def charge_back(self, count: int, at_ms: int | None = None, *, within_days: int = 180) -> list[str]:
        """Charge back up to `count` paid sales ordered within so many days before now."""
        window = (self.now_ms - within_days * DAY_MS, self.now_ms)
        return self.change_status(count, ("APPROVED", "COMPLETE"), "CHARGEBACK", at_ms, ordered=window)

    def add_subscriptions(self, count: int, at_ms: Moment = None) -> list[str]:
        """New subscriptions, each with its first sale; returns the subscriber codes."""
        with self.lock:
            codes = []
            for _ in range(count):
                accession_ms = self.moment(at_ms)
                index = self.subscriptions.add(accession_ms)
                self._sell(accession_ms, "APPROVED", index)
                codes.append(self.subscriber_codes.text(index))
            return codes

    def cancel_subscriptions(self, count: int, at_ms: int | None = None) -> list[str]:
        """Cancel up to `count` active subscriptions; returns the subscriber codes."""
        with self.lock:
            active = SUBSCRIPTION_STATUSES.index("ACTIVE")
            running = [index for index, status in enumerate(self.subscriptions.statuses) if status == active]
            picked = self.random.sample(running, min(count, len(running)))
            for index in picked:
                self.subscriptions.cancel(index, "CANCELLED_BY_CUSTOMER", self.moment(at_ms))
            self.version += 1
            return [self.subscriber_codes.text(index) for index in picked]

    def move(self, changes: Mapping[str, int]) -> dict[str, Sequence[Key]]:
        """Several changes now, by name and count; returns the keys of what changed."""
        actions: dict[str, Callable[[int], Sequence[Key]]] = {
            "sales": self.add_sales,
            "refunds": self.refund,
            "chargebacks": self.charge_back,
            "cancellations": self.cancel_subscriptions,
            "subscriptions": self.add_subscriptions,
            "studies": self.clubs.study,
            "checkins": self.tickets.check_in,
            "participants": self.tickets.add,
            "coupons": self.coupons.add,
        }
        unknown = set(changes) - set(actions)
        if unknown:
            raise ValueError(f"cannot move {', '.join(sorted(unknown))}; known: {', '.join(actions)}")
        with self.lock:
            return {name: actions[name](count) for name, count in changes.items()}

    def _sell(self, order_ms: int, status: str, subscription: int) -> str:
        serial = self.sales.add(order_ms, STATUS_INDEX[status], order_ms, subscription)
        if subscription >= 0:
            self.subscriptions.charged(subscription, serial)
        self.version += 1
        return self.transactions.text(serial)

    def _charged_subscription(self, order_ms: int) -> int:
        begun = self.subscriptions.begun_by(order_ms)
        if not begun or self.random.random() > 1 / 3:
            return -1
        index = self.subscriptions.by_accession[int(self.random.random() * begun)]
        return -1 if self.subscriptions.cancelled_by(index, order_ms) else index

    def moment(self, at_ms: Moment) -> int:
        if at_ms is None:
            return self.now_ms
        return at_ms if isinstance(at_ms, int) else self.random.randint(*at_ms)

    def _known(self, transaction: str) -> int:
        serial = self.serial(transaction)
        if serial is None:
            raise KeyError(transaction)
        return serial

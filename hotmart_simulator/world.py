"""A Hotmart account with all its data, and the changes that can happen to it. Knows nothing of HTTP."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hotmart_simulator import creation
from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import DEFAULT_SUBDOMAINS
from hotmart_simulator.coupons.moves import CouponMoves
from hotmart_simulator.events import records as events
from hotmart_simulator.events.moves import TicketMoves
from hotmart_simulator.expected import Key, Window, detached, records
from hotmart_simulator.members_area.moves import StudentMoves
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.moves import SaleMoves
from hotmart_simulator.subscriptions.moves import SubscriptionMoves
from hotmart_simulator.switches import Switches

Move = Callable[[int], Sequence[Key]]


class World(Account):
    """An account with its first population, equal for equal arguments, and the moves that change it.

    `lock` is held by whoever reads or changes more than one thing.
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
        switches: Switches | None = None,
    ) -> None:
        """`modules` are those of each members area, `coupons` and `participants` those of the account."""
        super().__init__(
            seed, students, products, start_ms, now_ms, subdomains, modules, coupons, participants, switches
        )
        creation.populate(self, sales, subscriptions)
        self.sale_moves = SaleMoves(self)
        self.subscription_moves = SubscriptionMoves(self, self.sale_moves)
        self.student_moves = StudentMoves(self)
        self.ticket_moves = TicketMoves(self)
        self.coupon_moves = CouponMoves(self)
        self.add_sales = self.sale_moves.add
        self.set_status = self.sale_moves.set_status
        self.change_status = self.sale_moves.change_status
        self.refund = self.sale_moves.refund
        self.charge_back = self.sale_moves.charge_back
        self.add_subscriptions = self.subscription_moves.add
        self.cancel_subscriptions = self.subscription_moves.cancel
        self.moves: Mapping[str, Move] = {
            "sales": self.sale_moves.add,
            "refunds": self.sale_moves.refund,
            "chargebacks": self.sale_moves.charge_back,
            "cancellations": self.subscription_moves.cancel,
            "subscriptions": self.subscription_moves.add,
            "studies": self.student_moves.study,
            "checkins": self.ticket_moves.check_in,
            "participants": self.ticket_moves.add,
            "coupons": self.coupon_moves.add,
        }
        """What can happen, by name: called with a count, each returns the keys of what it changed."""

    # Reading

    def sale(self, serial: int) -> Sale:
        return Sale(self, serial)

    def status_of(self, transaction: str) -> str:
        return self.sales.status(self.sale_moves.known(transaction))

    def event_info(self, product_id: str) -> dict[str, Any]:
        """Return what is told of an event beside its participants; `product_id` as they carry it."""
        event = next(product for product in self.tickets.events if str(product.id) == product_id)
        return events.info(self, event)

    def expected(self, stream: str, **options: Any) -> list[Row]:
        """Return every row that a complete read of a stream brings now; options as in `iter_keyed`."""
        with self.lock:
            products = {product.ucode: product.id for product in self.products.own}

            def identity(key: Key, raw: dict[str, Any], number: int) -> tuple[object, ...]:
                parts = (key,) if isinstance(key, str) else key
                if stream in ("product_offers", "product_plans"):
                    return stream, products[parts[0]], *parts
                if stream == "coupons":
                    return stream, self.coupons.product(number).id, *parts
                if stream == "club_pages":
                    return stream, self.members_areas.home[parts[0]][0], *parts
                return stream, *parts

            keyed = enumerate(self.iter_keyed(stream, **options))
            return [Row(identity(key, raw, number), detached(raw)) for number, (key, raw) in keyed]

    def iter_expected(self, stream: str, **options: Any) -> Iterator[Row]:
        """The rows of `expected` one by one."""
        return iter(self.expected(stream, **options))

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
        that of the endpoint whose form the pages have, 1 or 2.
        """
        window = Window(start_ms, end_ms)
        return records(self, stream, window, currency_rows=currency_rows, pages_version=pages_version)

    # Moving

    def advance(self, ms: int) -> int:
        """Let time pass and return the new now."""
        with self.lock:
            self.now_ms += ms
            return self.now_ms

    def move(self, changes: Mapping[str, int]) -> dict[str, Sequence[Key]]:
        """Make several changes now, by name and count; return the keys of what changed."""
        unknown = set(changes) - set(self.moves)
        if unknown:
            raise ValueError(f"cannot move {', '.join(sorted(unknown))}; known: {', '.join(self.moves)}")
        with self.lock:
            return {name: self.moves[name](count) for name, count in changes.items()}

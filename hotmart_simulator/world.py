"""A Hotmart account with all its data, and the changes that can happen to it. This module does not depend on HTTP."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hotmart_simulator import creation, expected
from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import DEFAULT_SUBDOMAINS
from hotmart_simulator.coupons.moves import CouponMoves
from hotmart_simulator.events import records as events
from hotmart_simulator.events.moves import TicketMoves
from hotmart_simulator.expected import Key
from hotmart_simulator.members_area.content_moves import ContentMoves
from hotmart_simulator.members_area.moves import StudentMoves
from hotmart_simulator.products.moves import ProductMoves
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.moves import SaleMoves
from hotmart_simulator.subscriptions.moves import SubscriptionMoves
from hotmart_simulator.switches import Switches

Move = Callable[[int], Sequence[Key]]


class World(Account):
    """An account with its first population, equal for equal arguments, and the moves that change it.

    Hold `lock` while you read or change more than one thing.
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
        """Create `modules` in each members area, and `coupons` and `participants` in the account."""
        super().__init__(
            seed, students, products, start_ms, now_ms, subdomains, modules, coupons, participants, switches
        )
        creation.populate(self, sales, subscriptions)
        self.sale_moves = SaleMoves(self)
        self.subscription_moves = SubscriptionMoves(self, self.sale_moves)
        self.student_moves = StudentMoves(self)
        self.content_moves = ContentMoves(self)
        self.ticket_moves = TicketMoves(self)
        self.product_moves = ProductMoves(self)
        self.coupon_moves = CouponMoves(self)
        self.add_sales = self.sale_moves.add
        self.set_status = self.sale_moves.set_status
        self.change_status = self.sale_moves.change_status
        self.refund = self.sale_moves.refund
        self.charge_back = self.sale_moves.charge_back
        self.add_subscriptions = self.subscription_moves.add
        self.cancel_subscriptions = self.subscription_moves.cancel
        self.begin_subscription = self.subscription_moves.begin
        self.charge_subscription = self.subscription_moves.charge
        self.pay_boleto = self.subscription_moves.pay_boleto
        self.set_subscription_status = self.subscription_moves.set_subscription_status
        self.import_subscriptions = self.subscription_moves.import_charged
        self.import_students = self.student_moves.import_old
        self.import_products = self.product_moves.add
        self.import_events = self.ticket_moves.import_events
        self.set_product = self.product_moves.set_fields
        moves = (
            self.sale_moves,
            self.subscription_moves,
            self.product_moves,
            self.coupon_moves,
            self.student_moves,
            self.content_moves,
            self.ticket_moves,
        )
        self.moves: Mapping[str, Move] = {name: move for group in moves for name, move in group.named().items()}
        """Every move by name. Each takes a count and returns the keys of the rows that it changed."""

    # Reading

    def sale(self, serial: int) -> Sale:
        return Sale(self, serial)

    def status_of(self, transaction: str) -> str:
        return self.sales.status(self.sale_moves.known(transaction))

    def event_info(self, product_id: str) -> dict[str, Any]:
        """Return the data of an event apart from its participants. `product_id` is the one in their records."""
        event = next(product for product in self.tickets.events if str(product.id) == product_id)
        return events.info(self, event)

    def expected(self, stream: str, **options: Any) -> list[Row]:
        """Return every row that a complete read of a stream returns now, as copies. Options as in `iter_expected`."""
        with self.lock:
            return [expected.detached(row) for row in self.iter_expected(stream, **options)]

    def iter_expected(
        self, stream: str, *, start_ms: int | None = None, end_ms: int | None = None, **options: Any
    ) -> Iterator[Row]:
        """Yield these rows one by one. They share parts: change neither them nor the account during the iteration.

        The date range refers to the date that the list's own filter uses, both ends included. `version` (1 or 2) is the
        form of the rows of `club_pages`. Raise KeyError for an unknown stream.
        """
        for row in expected.rows(self, stream, **options):
            if row.at_ms is None or ((start_ms or 0) <= row.at_ms and (end_ms is None or row.at_ms <= end_ms)):
                yield row

    # Moving

    def advance(self, ms: int) -> int:
        """Let time pass and return the new now."""
        with self.lock:
            self.now_ms += ms
            return self.now_ms

    def move(self, changes: Mapping[str, int]) -> dict[str, Sequence[Key]]:
        """Make several changes now, by name and count. Return the keys of the changed rows."""
        unknown = set(changes) - set(self.moves)
        if unknown:
            raise ValueError(f"cannot move {', '.join(sorted(unknown))}; known: {', '.join(self.moves)}")
        with self.lock:
            return {name: self.moves[name](count) for name, count in changes.items()}

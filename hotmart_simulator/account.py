"""The account: the state of every resource. This module does not depend on HTTP."""

from random import Random
from typing import Final

from hotmart_simulator.common.people import people_of
from hotmart_simulator.common.random_source import seed_of
from hotmart_simulator.common.setting import DEFAULT_NOW_MS, Setting
from hotmart_simulator.common.vocabulary import DAY_MS, DEFAULT_SUBDOMAINS
from hotmart_simulator.coupons.state import CouponState
from hotmart_simulator.events.state import TicketState
from hotmart_simulator.ledger import Ledger
from hotmart_simulator.members_area.state import MembersAreaState
from hotmart_simulator.products.state import ProductState
from hotmart_simulator.sales.state import SaleState
from hotmart_simulator.subscriptions.state import SubscriptionState
from hotmart_simulator.switches import Switches

DEFAULT_SPAN_MS: Final = 1_461 * DAY_MS  # four years


class Account:
    """The state of one account. Equal arguments make equal accounts. All times are epoch milliseconds.

    A million sales take about 40 MB: only dates, statuses and links are stored, and each record is computed from its
    number on every request.
    """

    def __init__(
        self,
        seed: int,
        students: int,
        products: int,
        start_ms: int | None,
        now_ms: int | None,
        subdomains: tuple[str, ...] = DEFAULT_SUBDOMAINS,
        modules: int = 8,
        coupons: int = 60,
        participants: int = 120,
        switches: Switches | None = None,
    ) -> None:
        now_ms = DEFAULT_NOW_MS if now_ms is None else now_ms
        start_ms = now_ms - DEFAULT_SPAN_MS if start_ms is None else start_ms
        if start_ms > now_ms:
            raise ValueError("start_ms is after now_ms")
        self.switches = Switches() if switches is None else switches
        self.setting = Setting(
            seed=seed,
            start_ms=start_ms,
            born_ms=now_ms,
            subdomains=subdomains,
            people=people_of(seed),
            ledger=Ledger(now_ms),
            random=Random(seed_of(seed, "changes")),
        )
        self.ledger = self.setting.ledger
        self.lock = self.setting.lock
        self.people = self.setting.people
        self.products = ProductState(self.setting, products)
        self.sales = SaleState(self.setting)
        self.subscriptions = SubscriptionState(self.setting, self.sales)
        self.coupons = CouponState(self.setting, self.products, coupons)
        self.tickets = TicketState(self.setting, self.products, participants)
        self.members_areas = MembersAreaState(self.setting, self.products, students, modules)

    @property
    def now_ms(self) -> int:
        """Return the account's present. A later value applies the events that are due by then."""
        return self.ledger.now_ms

    @now_ms.setter
    def now_ms(self, now_ms: int) -> None:
        self.ledger.advance(now_ms)

    @property
    def seed(self) -> int:
        return self.setting.seed

    @property
    def start_ms(self) -> int:
        return self.setting.start_ms

    @property
    def born_ms(self) -> int:
        """Return when the first population was created."""
        return self.setting.born_ms

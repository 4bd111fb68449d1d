"""Changes of coupons. Each move records events in the ledger."""

from collections.abc import Callable, Sequence

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment


class CouponMoves:
    """Each move returns the ids of the coupons that it changed, as text."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def named(self) -> dict[str, Callable[[int], Sequence[str]]]:
        """Return every move by its plural name."""
        return {"coupons": self.add, "coupon_expiries": self.expire, "coupon_removals": self.remove}

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """Create coupons, each of any product that is not deleted.

        Raises ValueError where the account has no product to give a discount on.
        """
        account, setting, state = self._account, self._account.setting, self._account.coupons
        if not account.products.own:
            raise ValueError("the account has no products to give a discount on")
        with account.lock:
            known = [product.number for product in account.products.own if product.status != "DELETED"]
            numbers = range(len(state), len(state) + (count if known else 0))
            for number in numbers:
                setting.record("coupon.created", number, setting.moment(at_ms), setting.random.choice(known))
            return [str(state.id(number)) for number in numbers]

    def expire(self, count: int, at_ms: Moment = None) -> list[str]:
        """Let up to `count` valid coupons expire. They stay listed."""
        return self._change("coupon.expired", count, at_ms, but=self._account.coupons.expired)

    def remove(self, count: int, at_ms: Moment = None) -> list[str]:
        """Remove up to `count` coupons from the lists."""
        return self._change("coupon.removed", count, at_ms, but=set())

    def _change(self, kind: str, count: int, at_ms: Moment, *, but: set[int]) -> list[str]:
        account, setting, state = self._account, self._account.setting, self._account.coupons
        with account.lock:
            known = [number for number in range(len(state)) if number not in state.removed and number not in but]
            picked = setting.random.sample(known, min(count, len(known)))
            for number in picked:
                setting.record(kind, number, setting.moment(at_ms))
            return [str(state.id(number)) for number in picked]

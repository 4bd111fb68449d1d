"""What can happen to coupons: each move records events of the ledger."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment


class CouponMoves:
    """Moves return the ids of the coupons they changed, as text."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """Create coupons. Raises ValueError where the account has no product to give a discount on."""
        account, setting, state = self._account, self._account.setting, self._account.coupons
        if not state.products:
            raise ValueError("the account has no products to give a discount on")
        with account.lock:
            first = len(state)
            for number in range(first, first + count):
                setting.record("coupon.created", number, setting.moment(at_ms))
            return [str(state.id(number)) for number in range(first, len(state))]

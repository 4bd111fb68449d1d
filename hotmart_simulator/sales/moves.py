"""Moves of sales by name."""

from collections.abc import Callable, Sequence

from hotmart_simulator.account import Account
from hotmart_simulator.sales.changes import SaleChanges
from hotmart_simulator.sales.orders import SaleOrders


class SaleMoves(SaleOrders, SaleChanges):
    """New sales and changes of sales. Each move returns the transactions of the sales that it created or changed."""

    def __init__(self, account: Account) -> None:
        SaleOrders.__init__(self, account)
        SaleChanges.__init__(self, account)

    def named(self) -> dict[str, Callable[[int], Sequence[str]]]:
        """Return every move by its plural name. Each takes a count and does nothing where there is no candidate."""
        return {
            "sales": self.add,
            "boletos": self.add_boletos,
            "boleto_payments": self.pay_boletos,
            "boleto_expirations": self.expire_boletos,
            "pre_orders": self.add_pre_orders,
            "pre_order_payments": self.pay_pre_orders,
            "late_sales": self.add_late,
            "imports": self.import_old,
            "free_sales": self.add_free,
            "order_bumps": self.add_order_bumps,
            "coproduced_sales": self.add_coproduced,
            "own_affiliate_sales": self.add_own_affiliate,
            "sales_without_product": self.add_without_product,
            "sales_without_producer": self.add_without_producer,
            "sales_without_buyer": self.add_without_buyer,
            "refunds": self.refund,
            "partial_refunds": self.refund_partially,
            "protests": self.protest,
            "dropped_protests": self.drop_protests,
            "granted_protests": self.grant_protests,
            "chargebacks": self.charge_back,
            "returned_chargebacks": self.return_chargebacks,
            "extended_warranties": self.extend_warranties,
            "deletions": self.delete,
            "ageings": self.age,
        }

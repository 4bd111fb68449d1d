"""Changes of products. Each move records events in the ledger."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.products.state import OFFER_MODES, Product

# The statuses that can follow each status, apart from publishing and deleting.
NEXT_STATUSES: Final = {
    "ACTIVE": ("PAUSED", "CHANGES_PENDING_ON_PRODUCT"),
    "PAUSED": ("ACTIVE",),
    "IN_REVIEW": ("ACTIVE", "NOT_APPROVED"),
    "NOT_APPROVED": ("IN_REVIEW",),
    "CHANGES_PENDING_ON_PRODUCT": ("ACTIVE",),
}
WARRANTIES_DAYS: Final = (7, 15, 30)
# Only the docs have it (5.11), so no sale names it.
LATER_MODES: Final = (*OFFER_MODES, "FINANCED_BILLET")


class ProductMoves:
    """Each move returns the ids of the products that it changed, as text. Deleted products never change."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def named(self) -> dict[str, Callable[[int], Sequence[str]]]:
        """Return every move by its plural name."""
        return {
            "products": self.add,
            "product_renames": self.rename,
            "product_status_changes": self.change_status,
            "warranty_changes": self.change_warranty,
            "product_deletions": self.delete,
            "published_drafts": self.publish,
            "offers": self.add_offer,
        }

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """Create products, one in four as a draft. They have no sales."""
        account, setting = self._account, self._account.setting
        with account.lock:
            numbers = []
            for _ in range(count):
                numbers.append(account.products.next_number)
                status = setting.random.choice(("ACTIVE", "ACTIVE", "ACTIVE", "DRAFT"))
                setting.record("product.created", numbers[-1], setting.moment(at_ms), status)
            return [str(account.products.numbered(number).id) for number in numbers]

    def rename(self, count: int, at_ms: Moment = None) -> list[str]:
        """Give up to `count` products a new name. Sales and tickets keep the old one.

        The reference does not say whether a new name also changes old sales, which have no date of their last update.
        """
        return self._change(count, at_ms, lambda product: True, self._new_name)

    def change_status(self, count: int, at_ms: Moment = None) -> list[str]:
        """Pause, activate or review up to `count` products."""
        random = self._account.setting.random
        return self._change(
            count,
            at_ms,
            lambda product: product.status in NEXT_STATUSES,
            lambda product: {"status": random.choice(NEXT_STATUSES[product.status])},
        )

    def set_fields(self, product_id: int | str, fields: Mapping[str, object], at_ms: int | None = None) -> None:
        """Change fields of the record of one product, such as its status.

        Raise KeyError for an unknown product, and ValueError for a field that the record does not have.
        """
        account, setting = self._account, self._account.setting
        with account.lock:
            product = account.products.by_id(int(product_id))
            if product is None:
                raise KeyError(product_id)
            if unknown := sorted(set(fields) - set(product.raw)):
                raise ValueError(f"a product has no {', '.join(unknown)}")
            setting.record("product.changed", product.number, setting.moment(at_ms), dict(fields))

    def change_warranty(self, count: int, at_ms: Moment = None) -> list[str]:
        """Change the warranty of up to `count` products. Sales keep the old one."""
        random = self._account.setting.random

        def change(product: Product) -> dict[str, object]:
            now_days = product.raw["warranty_period"]
            return {"warranty_period": random.choice([days for days in WARRANTIES_DAYS if days != now_days])}

        return self._change(count, at_ms, lambda product: True, change)

    def delete(self, count: int, at_ms: Moment = None) -> list[str]:
        """Delete up to `count` products. The switch `deleted_products` decides whether they stay listed."""
        return self._change(count, at_ms, lambda product: True, lambda product: {"status": "DELETED"})

    def publish(self, count: int, at_ms: Moment = None) -> list[str]:
        """Publish up to `count` drafts."""
        return self._change(
            count, at_ms, lambda product: product.status == "DRAFT", lambda product: {"status": "ACTIVE"}
        )

    def add_offer(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add an offer to up to `count` products, to a subscription product a plan with its offer."""
        account, setting = self._account, self._account.setting
        with account.lock:
            picked = self._picked(count, lambda product: True)
            for product in picked:
                mode = "SUBSCRIPTION" if product.is_subscription else setting.random.choice(LATER_MODES)
                setting.record("product.offered", product.number, setting.moment(at_ms), mode)
            return [str(product.id) for product in picked]

    def _change(
        self,
        count: int,
        at_ms: Moment,
        is_candidate: Callable[[Product], bool],
        change: Callable[[Product], dict[str, object]],
    ) -> list[str]:
        account, setting = self._account, self._account.setting
        with account.lock:
            picked = self._picked(count, is_candidate)
            for product in picked:
                setting.record("product.changed", product.number, setting.moment(at_ms), change(product))
            return [str(product.id) for product in picked]

    def _picked(self, count: int, is_candidate: Callable[[Product], bool]) -> list[Product]:
        account = self._account
        known = [product for product in account.products.own if product.status != "DELETED" and is_candidate(product)]
        return account.setting.random.sample(known, min(count, len(known)))

    def _new_name(self, product: Product) -> dict[str, object]:
        events = self._account.ledger.of("product", product.number)
        edition = 2 + sum(event.kind == "product.changed" and "name" in event.value for event in events)
        return {"name": f"{product.name}, edition {edition}"}

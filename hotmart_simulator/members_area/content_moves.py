"""Changes of the contents of members areas. Each move records events in the ledger."""

from collections.abc import Callable, Sequence

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.members_area.state import Module


class ContentMoves:
    """Each move returns subdomain and module_id of the modules that it changed."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def named(self) -> dict[str, Callable[[int], Sequence[tuple[str, str]]]]:
        """Return every move by its plural name."""
        return {"pages": self.add_page, "module_renames": self.rename}

    def add_page(self, count: int, at_ms: Moment = None) -> list[tuple[str, str]]:
        """Add a published page at the end of up to `count` modules. It is a lesson that nobody has completed."""
        return self._change("module.page", count, at_ms, lambda module: f"Lesson {len(module.pages) + 1}")

    def rename(self, count: int, at_ms: Moment = None) -> list[tuple[str, str]]:
        """Give up to `count` modules a new name."""
        return self._change("module.renamed", count, at_ms, lambda module: f"{module.name} (new)")

    def _change(self, kind: str, count: int, at_ms: Moment, value: Callable[[Module], str]) -> list[tuple[str, str]]:
        account, setting = self._account, self._account.setting
        with account.lock:
            known = list(account.members_areas.home.values())
            picked = setting.random.sample(known, min(count, len(known)))
            for _, module in picked:
                setting.record(kind, module.number, setting.moment(at_ms), value(module))
            return [(subdomain, module.id) for subdomain, module in picked]

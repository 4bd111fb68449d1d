"""Moves of subscriptions by name."""

from collections.abc import Callable, Sequence

from hotmart_simulator.subscriptions.life_moves import LifeMoves
from hotmart_simulator.subscriptions.single_moves import SingleMoves


class SubscriptionMoves(LifeMoves, SingleMoves):
    """Each move returns the codes of the subscriptions that it created or changed."""

    def named(self) -> dict[str, Callable[[int], Sequence[str]]]:
        """Return every move by its plural name. Each takes a count and does nothing where there is no candidate."""
        return {
            "subscriptions": self.add,
            "trials": self.add_trials,
            "subscription_imports": self.import_old,
            "renewals": self.renew,
            "trial_conversions": self.convert_trials,
            "anticipations": self.anticipate,
            "due_charges": self.age,
            "failed_charges": self.fail,
            "retries": self.retry,
            "recoveries": self.recover,
            "negotiations": self.negotiate,
            "overdue_payments": self.pay_overdue,
            "expiries": self.expire,
            "cancellations": self.cancel,
            "seller_cancellations": self.cancel_by_seller,
            "admin_cancellations": self.cancel_by_admin,
            "reactivations": self.reactivate,
            "plan_switches": self.switch_plan,
            "rests": self.rest,
        }

"""The subscriptions that the API lists, by the accession dates that it shows."""

from array import array

from hotmart_simulator.account import Account
from hotmart_simulator.subscriptions.facts import Contract, shown_accession_ms
from hotmart_simulator.switches import Switches


def begun_between(account: Account, start_ms: int, end_ms: int | None, at_ms: int | None = None) -> "array[int]":
    """Return the subscriptions with these accession dates, both ends included, ascending.

    A reactivation can move the date (switch `reactivation`). `at_ms` is the moment that the list shows, None for now.
    """
    state = account.subscriptions
    low, high = state.bounds(start_ms, end_ms)
    places = state.by_accession[low:high]
    if at_ms is not None:
        places = array("I", [index for index in places if state.is_listed(index, at_ms)])
    if account.switches.reactivation == "keeps_dates" or not state.reactivations:
        return places
    shown = {index: shown_accession_ms(account, index, at_ms) for index in {*places, *state.reactivations}}
    inside = [i for i, date_ms in shown.items() if start_ms <= date_ms and (end_ms is None or date_ms <= end_ms)]
    return array("I", sorted(inside, key=lambda index: (shown[index], index)))


def is_reachable(contract: Contract, switches: Switches) -> bool:
    """Whether a query of subscriptions can return a subscription.

    With a default for the next charge, one without that date is never returned (4.6).
    """
    return switches.next_charge_default == "asleep" or contract.next_charge_ms() is not None

"""Every participant that a complete read can return now."""

from collections.abc import Iterator

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.events import facts, records


def event_participants(account: Account) -> Iterator[Row]:
    """Yield the tickets of every status, type and check-in. `at_ms` is the date that `last_update` filters."""
    for event in facts.reachable_events(account):
        for number in account.tickets.numbers(event):
            record = records.participant(account, number)
            yield Row(("event_participants", number), record, account.tickets.updated_of[number])

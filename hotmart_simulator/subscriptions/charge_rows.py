"""The rows of subscriptions/transactions, their filter date, and their records."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import HOUR_MS
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.charges import Charge, Histories, History
from hotmart_simulator.subscriptions.facts import shown_accession_ms
from hotmart_simulator.subscriptions.records import commission_currency, transaction

PLACE_BITS: Final = 4
PLACES: Final = (1 << PLACE_BITS) - 1
"""The lowest bits of a row: 0, or the index of one of several settled recurrences, from 1 on."""


class ChargeRow(NamedTuple):
    """The subject of one row."""

    history: History
    charge: Charge

    @property
    def sale(self) -> Sale:
        """Return the sale of the charge."""
        return self.history.sale(self.charge)


class ChargeRows:
    """The list as the API shows it now, up to 24 hours old by the switch `transactions_delay_hours`.

    A row is a number: the serial of its sale, whether it is the one in a second currency, and the index of its
    recurrence among those that the charge settles.
    """

    def __init__(self, account: Account) -> None:
        switches = account.switches
        self._account = account
        delay_ms = switches.transactions_delay_hours * HOUR_MS
        self.seen_ms = account.now_ms - delay_ms if delay_ms else None
        """The moment that the list shows, None for now."""
        self._histories = Histories(account, self.seen_ms)
        self._filter = switches.transaction_date_filters
        self._has_row_each = switches.negotiated_recurrences == "row_each"

    def find(self, low_ms: int, high_ms: int, serial: int | None = None) -> Iterable[int]:
        """Return the rows of a date range, both ends included, ascending by adoption. `serial` keeps to one sale."""
        account, state, switches = self._account, self._account.subscriptions, self._account.switches
        listed: Iterable[int] = state.rows
        if serial is not None:
            listed = state.rows_of(serial) if account.sales.subscription_of[serial] >= 0 else ()
        if switches.currency_rows == "one":
            listed = (row for row in listed if not row & 1)
        if switches.reactivation == "new_accession" and state.reactivations:
            listed = sorted(listed, key=self._adoption)
        is_now = self.seen_ms is None and not self._has_row_each
        if is_now and self._filter == "order_date":
            date_of = account.sales.order_of
        elif is_now and self._filter == "last_update" and switches.last_update == "charge_only":
            date_of = account.sales.changed_of
        else:
            return (row for row in self._rows(listed) if low_ms <= self.date_ms(row) <= high_ms)
        return [row << PLACE_BITS for row in listed if low_ms <= date_of[row >> 1] <= high_ms]

    def _rows(self, listed: Iterable[int]) -> Iterator[int]:
        """Yield a row for each shown charge, or by the switch one for each recurrence that it settles."""
        for row in listed:
            charge = self._history(row >> 1).charge(row >> 1)
            if charge is None:
                continue
            if self._has_row_each and len(charge.settled) > 1:
                yield from ((row << PLACE_BITS) + place + 1 for place in range(len(charge.settled)))
            else:
                yield row << PLACE_BITS

    def _history(self, serial: int) -> History:
        return self._histories.of(self._account.sales.subscription_of[serial])

    def _adoption(self, row: int) -> tuple[int, int]:
        index = self._account.sales.subscription_of[row >> 1]
        return shown_accession_ms(self._account, index, self.seen_ms), index

    def about(self, row: int) -> ChargeRow:
        """Return the subject of a row."""
        serial = row >> PLACE_BITS + 1
        history = self._history(serial)
        return ChargeRow(history, history.listed(serial))

    def date_ms(self, row: int) -> int:
        """Return the date that the filter uses (epoch ms). A row without that date has its order date instead."""
        history, charge = self.about(row)
        date_ms: int | None
        match self._filter:
            case "last_update":
                date_ms = history.updated_ms(charge)
            case "approved_date":
                date_ms = history.sale(charge).approved_ms
            case "adoption_date":
                date_ms = history.contract.accession_ms
            case "recurrency_start":
                date_ms = history.start_ms(self.number(row))
            case "cancellation_date":
                date_ms = history.contract.end_ms
            case _:
                date_ms = charge.order_ms
        return charge.order_ms if date_ms is None else date_ms

    def number(self, row: int) -> int:
        """Return the recurrence of a row, the highest one of a charge with one row."""
        charge, place = self.about(row).charge, row & PLACES
        return charge.numbers[place - 1] if place else charge.number

    def record(self, row: int) -> dict[str, Any]:
        """Return the record of a row."""
        return transaction(self._account, row >> PLACE_BITS, row & PLACES, self._histories)

    def identity(self, row: int) -> tuple[object, ...]:
        """Return the unique identity of a row: subscription, sale, currency and recurrence."""
        history, charge = self.about(row)
        currency = commission_currency(history.sale(charge), second=bool(row >> PLACE_BITS & 1))
        return ("subscription_transactions", history.contract.index, charge.serial, currency, self.number(row))

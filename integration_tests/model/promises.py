"""The connector's guarantees: which rows exist after a completed sync, and which of them are current.

A guarantee is evaluated when a row changes, from the previous syncs and their start dates, independently of the
connector's states. A change without a guarantee is excused until the warehouse has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hotmart_simulator import World
from integration_tests.model.account import Account, Held, account
from tools.rows import Difference, difference

DAY_MS: Final = 86_400_000
SALES: Final = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")
STREAMS: Final = (
    *SALES,
    "subscriptions",
    "subscription_summary",
    "subscription_transactions",
    "subscription_purchases",
    "products",
    "product_offers",
    "club_students",
    "club_lessons",
)
LATE: Final = {"REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK", "PROTESTED"}
COMES_BACK: Final = {"CHARGEBACK", "PROTESTED"}
"""Statuses of a sale that the connector re-reads until it leaves them."""
DELAY_MS: Final = 2 * DAY_MS
"""How long updates of charges are re-read."""
WEEK_MS: Final = 7 * DAY_MS
USUAL_LOOKBACK_DAYS: Final = 65
"""Up to this look-back, charges are re-read by a week of updates."""
BY_ORDER_MS: Final = 180 * DAY_MS
"""The same, if charges are filtered by order date."""
VISIT_DELAY_MS: Final = 6 * DAY_MS
"""Maximum delay of student visits."""
VISITS: Final = ("last_access_date", "purchase_date", "first_access_date")

Rows = Mapping[str, Mapping[Any, Mapping[str, Any]]]
"""The warehouse's rows of each stream, by the connector's primary keys."""
Withheld = Mapping[str, Collection[Any]]
"""Keys that Hotmart currently withholds."""


@dataclass
class Promises:
    """The current guarantees for one account."""

    world: World
    lookback_days: int
    by_order: bool
    """Whether Hotmart filters charges by order date."""
    streams: tuple[str, ...] = STREAMS
    runs: list[tuple[int, int]] = field(default_factory=list)
    """Time and start date of each sync so far. A failed sync may have read any part of its streams."""
    meanwhile: dict[str, set[Any]] = field(default_factory=dict)
    """Changes during the last sync."""
    _now: Account = field(default_factory=Account)
    _ever: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    """Keys that Hotmart has had."""
    _may_lack: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    _may_be_stale: dict[str, set[Any]] = field(default_factory=lambda: defaultdict(set))
    _by_update: set[Any] = field(default_factory=set)
    """Changed purchases that only the list of updated charges reveals."""
    _held: dict[str, str] = field(default_factory=dict)
    """The status of each sale in the warehouse after the last completed sync."""

    def observe(self) -> dict[str, set[Any]]:
        """Record and return the changes since the last call. No sync may have begun in between."""
        before, self._now = self._now, account(self.world, self.streams)
        changed = {stream: self._now.changed(stream, before) for stream in self.streams}
        for stream in self.streams:
            self._ever[stream].update(self._now[stream])
        for stream in (stream for stream in SALES if stream in self.streams):
            self._judge(stream, changed[stream], {key for key in changed[stream] if self._is_sale_read(key)}, before)
        if "subscription_transactions" in self.streams:
            self._judge_charges(changed["subscription_transactions"], before)
        if "subscription_purchases" in self.streams:
            self._judge_purchases(changed["subscription_purchases"], before)
        if "club_lessons" in self.streams:
            self._judge_lessons(changed["club_lessons"], before)
        return changed

    def ran(self, now_ms: int, start_ms: int, warehouse: Rows, *, is_complete: bool, sees_updates: bool) -> None:
        """Record a sync and the changes during it.

        `sees_updates` says whether the sync found that Hotmart filters charges by their last update.
        """
        self.runs.append((now_ms, start_ms))
        if not sees_updates:
            self._may_lack["subscription_purchases"] |= self._by_update
            self._may_be_stale["subscription_purchases"] |= self._by_update
        if is_complete or not sees_updates:
            self._by_update.clear()
        if is_complete:
            rows = warehouse["sales_history"].items()
            self._held = {str(key): str(row["purchase"]["status"]) for key, row in rows}
        else:  # it may have found a sale that left its late status
            self._held = {key: status for key, status in self._held.items() if self._status(key) in COMES_BACK}
        excused = {stream: self._may_lack[stream] | self._may_be_stale[stream] for stream in self.streams}
        self.meanwhile = self.observe()
        for stream, keys in excused.items():  # this sync may have missed rows that the next one delivers
            self.meanwhile[stream] |= keys - self._may_lack[stream] - self._may_be_stale[stream]

    # Rows that are re-read

    def last_reading(self, date_ms: int) -> int | None:
        """Return the time of the last sync that may have read this date."""
        return next((now_ms for now_ms, start_ms in reversed(self.runs) if start_ms <= date_ms), None)

    def _is_recent(self, date_ms: int, span_ms: int) -> bool:
        """Whether the next sync reads a date, again or for the first time."""
        last_ms = self.last_reading(date_ms)
        return last_ms is None or date_ms > last_ms - span_ms

    def _status(self, transaction: str) -> str:
        row = self._now["sales_history"].get(transaction)
        return str(row.record["purchase"]["status"]) if row else ""

    def _is_sale_read(self, transaction: str) -> bool:
        """Whether the next sync reads a sale that has just changed."""
        date_ms = self._order_ms(transaction)
        if self._is_recent(date_ms, max(self.lookback_days, 1) * DAY_MS):
            return True
        may_come = self._status(transaction) in LATE or self._held.get(transaction) in COMES_BACK
        return may_come and self._is_recent(date_ms, 365 * DAY_MS)

    def _order_ms(self, transaction: str) -> int:
        return _order_ms(self._now["sales_history"][transaction])

    def _judge(self, stream: str, changed: set[Any], promised: set[Any], before: Account) -> None:
        """Excuse changes without a guarantee. Excused rows that are read now must be current."""
        excused = changed - promised
        self._may_lack[stream] -= promised
        self._may_be_stale[stream] -= promised
        self._may_lack[stream] |= excused & self._now.added(stream, before)
        self._may_be_stale[stream] |= excused

    def _judge_charges(self, changed: set[Any], before: Account) -> None:
        stream = "subscription_transactions"
        updates_ms = self.lookback_days * DAY_MS if self.lookback_days > USUAL_LOOKBACK_DAYS else WEEK_MS
        span_ms = BY_ORDER_MS if self.by_order else max(DELAY_MS, min(updates_ms, self.lookback_days * DAY_MS))
        promised = {key for key in changed if self._is_recent(self._charge_ms(key), span_ms)}
        if not self.by_order:
            promised &= self._updated(before)
        self._judge(stream, changed, promised, before)

    def _charge_ms(self, key: Any) -> int:
        """Return the date that Hotmart uses to filter a charge."""
        row = self._now["subscription_transactions"][key]
        return _order_ms(row) if self.by_order else int(row.record["last_update"])

    def _updated(self, before: Account) -> set[Any]:
        """Return charges whose last update has changed."""
        stream = "subscription_transactions"
        old = {key: row.record["last_update"] for key, row in before.get(stream, {}).items()}
        return {key for key, row in self._now[stream].items() if row.record["last_update"] != old.get(key)}

    def _judge_purchases(self, changed: set[Any], before: Account) -> None:
        """A subscriber is re-read completely when new, when charged, or when the list of charges shows an update."""
        stream = "subscription_purchases"
        again = self._charged(max(self.lookback_days, 2))  # if the list of charges cannot be read
        read = self._now.added("subscriptions", before) | self._charged(2)
        promised = {key for key in self._now[stream] if key[0] in read | self._listed(before)}
        candidates = changed | self._may_lack[stream] | self._may_be_stale[stream]
        self._by_update |= {key for key in candidates & promised if key[0] not in read | again}
        self._judge(stream, changed, promised, before)

    def _charged(self, days: int) -> set[str]:
        """Return subscribers whose next charge date shows that the last charge is recent."""
        recent_ms = (self.runs[-1][0] if self.runs else 0) - days * DAY_MS
        charged = set()
        for code, row in self._now["subscriptions"].items():
            next_ms, plan = row.record.get("date_next_charge"), row.record.get("plan") or {}
            if next_ms and next_ms - (plan.get("recurrency_period") or 0) * DAY_MS > recent_ms:
                charged.add(str(code))
        return charged

    def _listed(self, before: Account) -> set[str]:
        """Return subscribers with an updated charge in the list of charges."""
        charges, last_ms = self._now["subscription_transactions"], self.runs[-1][0] if self.runs else 0
        rows = [charges[key].record for key in self._updated(before)]
        return {str(row["subscriber_code"]) for row in rows if row["last_update"] > last_ms - DELAY_MS}

    def _judge_lessons(self, changed: set[Any], before: Account) -> None:
        """A student is re-read completely when new or after a visit."""
        stream, old = "club_lessons", before.get("club_students", {})
        last_ms = self.runs[-1][0] if self.runs else 0
        students = set()
        for key, student in self._now["club_students"].items():
            visits = [student.record.get(name) or 0 for name in VISITS]
            came = key in old and visits != [old[key].record.get(name) or 0 for name in VISITS]
            if key not in old or (came and max(visits) > last_ms - VISIT_DELAY_MS):
                students.add(key)
        self._judge(stream, changed, {key for key in self._now[stream] if key[:2] in students}, before)

    # Rows that exist

    def _is_wanted(self, stream: str, key: Any, now_ms: int, start_ms: int) -> bool:
        """Whether a row is in scope for the start date."""
        if stream in SALES:
            return start_ms <= self._order_ms(key) <= now_ms
        if stream == "subscription_transactions":
            return start_ms <= self._charge_ms(key) <= now_ms
        if stream.startswith("subscription"):
            code = key[0] if stream == "subscription_purchases" else key
            row = self._now["subscriptions"].get(code)
            end_ms = row.record.get("end_accession_date") if row else 0
            return end_ms is None or end_ms >= start_ms
        return True

    def broken(self, warehouse: Rows, now_ms: int, start_ms: int, withheld: Withheld) -> list[Difference]:
        """Compare the warehouse with Hotmart after a sync, and return the broken guarantees."""
        found = [
            self._compare(stream, warehouse, now_ms, start_ms, withheld.get(stream, ())) for stream in self.streams
        ]
        return [each for each in found if each]

    def keys(self, stream: str) -> Collection[Any]:
        """Return the keys of all of Hotmart's rows in a stream."""
        return self._now.get(stream, {}).keys()

    def sales_between(self, first_ms: int, last_ms: int) -> set[str]:
        """Return the sales that were ordered between two moments."""
        return {key for key in self.keys("sales_history") if first_ms <= self._order_ms(key) <= last_ms}

    def _compare(
        self, stream: str, warehouse: Rows, now_ms: int, start_ms: int, withheld: Collection[Any]
    ) -> Difference:
        rows = warehouse[stream].values()
        found = difference(stream, self.world.expected(stream), rows, after_increments=True)
        self._may_lack[stream] &= set(found.lost)
        self._may_be_stale[stream] &= {*found.lost, *found.stale}
        apart = self.meanwhile[stream] | set(withheld)

        def counts(key: Any) -> bool:
            return key not in apart and self._is_wanted(stream, key, now_ms, start_ms)

        return Difference(
            stream,
            lost=[key for key in found.lost if key not in self._may_lack[stream] and counts(key)],
            stale=[key for key in found.stale if key not in self._may_be_stale[stream] and counts(key)],
            surplus=[key for key in found.surplus if key not in self._ever[stream]],
        )


def _order_ms(row: Held) -> int:
    """Return the order date of a sale or a charge."""
    return int(row.record["purchase"]["order_date"])

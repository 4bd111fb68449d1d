"""What `transaction_status` does: repeated, as a list, left out, and on each view (hotmart-api.md 4.0)."""

from tools.live_probe import words
from tools.live_probe.account import ASKED_ROWS, Account, enough, readable
from tools.live_probe.answer import Row
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Ask, Otherwise, Told, amount

FIRST = words.SALE_STATUSES[0]


def repeated(account: Account) -> Told | Otherwise:
    """Ask history for all statuses at once."""
    if account.all_statuses.is_refusal:
        one = readable(account.sales(words.HISTORY, account.window, 1, ("APPROVED",)))
        return Told("refused", f"{account.all_statuses.says}, one status alone: {one.says}")
    return Told("accepted")


def union_on(path: str) -> Ask:
    """Ask a view for several statuses, and look up in history which statuses the sales of its answer have."""

    def ask(account: Account) -> Told | Otherwise:
        rows = _rows_of_several(account, path)
        known = account.status_of
        seen = {known[code] for code in _codes(path, rows) if code in known}
        others = set(known.values()) - {FIRST}
        if len(seen) > 1 and seen - words.PAID - {FIRST}:
            return Told("union", f"{amount(len(rows), 'row')} of {len(seen)} statuses")
        if rows and not seen:
            raise NotTold(f"none of {amount(len(rows), 'row')} is known from history")
        if seen <= {FIRST} and others:
            return Told("first", f"{amount(len(rows), 'row')} of {FIRST}, and history has {len(others)} other statuses")
        if others - words.PAID:
            return Otherwise(f"Only sales of {', '.join(sorted(seen))} are returned.")
        raise NotTold("all known sales are approved or complete")

    return ask


def _rows_of_several(account: Account, path: str) -> list[Row]:
    if account.all_statuses.is_refusal:
        raise NotTold("several statuses are refused")
    return account.all_statuses.rows if path == words.HISTORY else account.view(path).rows


def _codes(path: str, rows: list[Row]) -> list[str]:
    values = (row.get("purchase") if path == words.HISTORY else row for row in rows)
    return [str(value["transaction"]) for value in values if isinstance(value, dict) and "transaction" in value]


def all_17_on(path: str) -> Ask:
    """Ask a view for all 17 statuses, and where it rejects them for the 14 that are documented everywhere."""

    def ask(account: Account) -> Told | Otherwise:
        if account.all_statuses.is_refusal:
            raise NotTold("several statuses are refused")
        answer = account.sales(path, account.window, ASKED_ROWS, words.SALE_STATUSES)
        if answer.is_refusal:
            return Told("documented_14", f"17 statuses: {answer.says}, 14: {account.view(path).says}")
        return Told("all_17", readable(answer).says)

    return ask


def by_default(account: Account) -> Told | Otherwise:
    """Compare the sales that are returned without a status with those of all statuses."""
    page = account.no_status
    others = set(page.values("purchase.status")) - words.PAID
    if others:
        return Told("all", f"{len(others)} other statuses among {amount(len(page.rows), 'sale')}")
    unpaid = [row["purchase"]["order_date"] for row in account.history if row["purchase"]["status"] not in words.PAID]
    listed, every = page.count, account.all_statuses.count
    if listed is not None and every is not None:
        note = f"{listed:,} of {every:,} sales"
        if listed < every:
            return Told("paid", note)
        if unpaid:
            return Told("all", note)
    dates = list(page.values("purchase.order_date"))
    if any(min(dates) < date_ms < max(dates) for date_ms in unpaid):
        return Told("paid", f"{amount(len(page.rows), 'sale')}, and none of another status between them")
    raise NotTold("all sales that could be compared are approved or complete")


def comma_list(account: Account) -> Told | Otherwise:
    """Ask history for all statuses in one value."""
    answer = account.sales(words.HISTORY, account.window, 1, (",".join(words.SALE_STATUSES),))
    if answer.is_refusal:
        return Told("refuse", answer.says)
    listed, every = readable(answer).count, account.all_statuses.count
    if listed is not None and every is not None and listed != every:
        return Otherwise(f"A comma list returns {listed:,} sales where repeated parameters return {every:,}.")
    return Told("accept", f"{listed:,} sales" if listed is not None else "")


def as_asked(account: Account) -> Told | Otherwise:
    """Ask for two statuses, and check whether every record has one of them."""
    seen = list(account.paid_without_dates.values("purchase.status"))
    others = sum(status not in words.PAID for status in seen)
    if others:
        return Told("newer", f"{others:,} of {amount(len(seen), 'sale')} that were asked for as approved or complete")
    enough(seen, "sales")
    return Told("as_asked", f"all of {amount(len(seen), 'sale')}")


def lookup(account: Account) -> Told | Otherwise:
    """Look an unpaid sale up by its code."""
    row = _unpaid(account)
    if row is None:
        raise NotTold("every known sale is approved or complete")
    code = row["purchase"]["transaction"]
    answer = account.get(words.HISTORY, transaction=code, no_such_parameter="1")  # shared with `unknown_parameter`
    if answer.is_refusal:
        answer = account.get(words.HISTORY, transaction=code)
    return Told("every_status" if readable(answer).rows else "paid_only", f"a sale that is {row['purchase']['status']}")


def unknown_parameter(account: Account) -> Told | Otherwise:
    """Send a parameter that no endpoint knows, and the same query without it where that is rejected."""
    row = _unpaid(account) or account.history[0]
    code = row["purchase"]["transaction"]
    answer = account.get(words.HISTORY, transaction=code, no_such_parameter="1")
    if not answer.is_refusal:
        return Told("dropped", readable(answer).says)
    readable(account.get(words.HISTORY, transaction=code))
    return Told("refused", answer.says)


def _unpaid(account: Account) -> Row | None:
    """Return a sale that is neither approved nor complete."""
    return next((row for row in account.history if row["purchase"]["status"] not in words.PAID), None)

"""What sales/summary counts and adds up, and the statuses that it covers (hotmart-api.md 4.2 and 5.2)."""

from tools.live_probe import words
from tools.live_probe.account import Account, Window, readable
from tools.live_probe.answer import Answer, Row, value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told

SALES_COMPARED = 40


def statuses(account: Account) -> Told | Otherwise:
    """Compare the totals of several statuses with those that are returned without one."""
    window, _ = _known(account)
    several = account.sales(words.TOTALS, window, 500, words.SALE_STATUSES)
    if several.is_refusal:
        return Otherwise(f"Several statuses are refused: {several.says}.")
    counts = [sum(page.values("total_items")) for page in (readable(several), _paid(account, window))]
    note = f"{counts[0]:,} items of all statuses, {counts[1]:,} without a status"
    if counts[0] == counts[1]:
        raise NotTold(note)
    return Told("union" if counts[0] > counts[1] else "first", note)


def added(account: Account) -> Told | Otherwise:
    """Compare the totals with prices and commissions of the same sales, in the currency with the largest total."""
    window, rows = _known(account)
    totals = {value_at(row, "total_value.currency_code"): row for row in _paid(account, window).rows}
    paid = [row["purchase"] for row in rows if row["purchase"]["status"] in words.PAID]
    currencies = [purchase["price"]["currency_code"] for purchase in paid]
    if not totals or not currencies:
        raise NotTold("no sale of this time is approved or complete")
    currency = max(set(currencies), key=currencies.count)
    prices = [purchase["price"]["value"] for purchase in paid if purchase["price"]["currency_code"] == currency]
    row = totals.get(currency)
    if row is None:
        return Otherwise("The totals lack the currency that most of the sales were paid in.")
    note = f"{row['total_items']:,} items for {len(prices):,} sales"
    if row["total_items"] == len(prices) and abs(row["total_value"]["value"] - sum(prices)) < 0.01 * len(prices):
        return Told("prices", note)
    earned = _earned(account, {purchase["transaction"] for purchase in paid}, currency)
    if abs(row["total_value"]["value"] - sum(earned)) < 0.01 * max(1, len(earned)):
        return Told("commissions", f"{note}, which have {len(earned):,} commissions")
    if row["total_value"]["value"] < sum(prices):
        return Otherwise(f"The totals add up neither the prices nor all commissions: {note}.")
    return Otherwise(f"The totals are larger than all prices together: {note}.")


def _earned(account: Account, transactions: set[str], currency: str) -> list[float]:
    """Return the values of all commissions of these sales in a currency."""
    rows = [row for row in account.view(words.COMMISSIONS).rows if row["transaction"] in transactions]
    if len({row["transaction"] for row in rows}) < len(transactions):
        raise NotTold("the commissions of these sales are not all known")
    commissions = [entry["commission"] for row in rows for entry in row["commissions"]]
    return [
        commission["value"]
        for commission in commissions
        if currency in (commission.get("currency_code"), commission.get("currency_value"))
    ]


def _paid(account: Account, window: Window) -> Answer:
    return readable(account.sales(words.TOTALS, window, 500))


def _known(account: Account) -> tuple[Window, list[Row]]:
    """Return a date range whose sales are all known, and these sales. Raise NotTold where no order determines them."""
    rows = account.all_statuses.rows
    dates = [row["purchase"]["order_date"] for row in rows]
    if not account.all_statuses.token:
        newest = sorted(rows, key=lambda row: -row["purchase"]["order_date"])
    elif dates == sorted(dates, reverse=True):
        newest = rows[:-1]  # of two with the same date the second may be on the next page
    else:
        raise NotTold("the page of sales is not in the order of their dates")
    newest = newest[:SALES_COMPARED]
    if not newest:
        raise NotTold("the account has no sale in this time")
    start_ms = newest[-1]["purchase"]["order_date"]
    return (start_ms, account.now_ms), [row for row in rows if row["purchase"]["order_date"] >= start_ms]

"""Products with their plans, offers and coupons (hotmart-api.md 4.10 to 4.12 and 4.17)."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import combinations

from tools.live_probe import words
from tools.live_probe.account import Account, enough, readable, settled
from tools.live_probe.answer import Answer, Form, Row, value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount

WITHOUT_PLANS_ASKED = 2


def _if_any(rows: Callable[[], list[Row]]) -> list[Row]:
    """Return rows that only help to choose, none where there are none."""
    with suppress(NotTold):
        return rows()
    return []


def default_statuses(account: Account) -> Told | Otherwise:
    """Look for products that are not active, and ask for two other statuses where there is none."""
    statuses = list(account.products.values("status"))
    others = sum(status != "ACTIVE" for status in statuses)
    if others:
        return Told("all", f"{others:,} of {amount(len(statuses), 'product')} are not ACTIVE")
    for status in ("PAUSED", "DRAFT"):
        if readable(account.get(words.PRODUCTS, max_results=1, status=status)).rows:
            return Told("active", f"{amount(len(statuses), 'product')}, and {status} ones only if asked for")
    raise NotTold("every product is active")


def _unlisted(account: Account, role: str) -> Iterator[Answer]:
    """Yield the responses of products for two products that were sold in a role and are not on its first page."""
    listed = set(account.products.values("id"))
    sold = [row for row in account.history if value_at(row, "purchase.commission_as") == role]
    ids = dict.fromkeys(value_at(row, "product.id") for row in sold)
    for product_id in [known for known in ids if known is not None and known not in listed][:2]:
        yield readable(account.get(words.PRODUCTS, id=product_id))


def own(account: Account) -> Told | Otherwise:
    """Look for a product that the account sold as co-producer."""
    listed = set(account.products.values("id"))
    sold = {
        value_at(row, "product.id")
        for row in account.history
        if value_at(row, "purchase.commission_as") == "COPRODUCER"
    }
    if sold & listed or any(answer.rows for answer in _unlisted(account, "COPRODUCER")):
        return Told("coproduced_too", f"{len(sold)} products were sold as co-producer")
    if not sold - {None}:
        raise NotTold("the account sold nothing as co-producer in this time")
    return Told("own", f"none of {amount(len(sold), 'product')} that were sold as co-producer")


def deleted(account: Account) -> Told | Otherwise:
    """Look for a deleted product, and for an own one that was sold and is not listed."""
    statuses = list(account.products.values("status"))
    count = sum(status == "DELETED" for status in statuses)
    if count:
        return Told("listed", f"{count:,} of {amount(len(statuses), 'product')}")
    for answer in _unlisted(account, "PRODUCER"):
        if not answer.rows:
            return Told("hidden", "an own product that was sold is not listed any more")
        if "DELETED" in answer.values("status"):
            return Told("listed", "one that was sold")
    raise NotTold("no product is known to be deleted")


def _plans_of_others(account: Account) -> list[Answer]:
    """Return the answers for the plans of products that are no subscriptions, first those with smart instalments."""
    smart = {
        value_at(row, "product.id")
        for row in _if_any(lambda: account.history)
        if value_at(row, "purchase.offer.payment_mode") == "SMART_INSTALLMENT"
    }
    products = sorted(account.products_where(is_subscription=False), key=lambda row: row.get("id") not in smart)
    fitting = [product for product in products if product.get("status") != "DELETED"]
    if not fitting:
        raise NotTold("every product is a subscription")
    paths = [f"{words.PRODUCTS}/{product['ucode']}/plans" for product in fitting[:WITHOUT_PLANS_ASKED]]
    return [settled(account.get(path)) for path in paths]


def plans_of(account: Account) -> Told | Otherwise:
    """Ask for the plans of products that are no subscriptions."""
    answers = _plans_of_others(account)
    found = sum(bool(answer.rows) for answer in answers)
    note = f"{found} of {amount(len(answers), 'product')} without is_subscription have plans"
    return Told("instalments_too" if found else "subscriptions", note)


def no_plans(account: Account) -> Told | Otherwise:
    """Check what is answered for a product without plans."""
    forms = {_none_form(answer): answer.says for answer in _plans_of_others(account) if _none_form(answer)}
    if not forms:
        raise NotTold("every product that was asked for has plans")
    side, says = forms.popitem()
    return Told(side, says) if side in ("400", "list", "empty") else Otherwise(f"Hotmart answers {says}.")


def _none_form(answer: Answer) -> str:
    """Return how an answer says that there is none, empty where it has rows."""
    if answer.is_page:
        return "" if answer.rows else "list"
    return "empty" if answer.status == 200 and answer.form is Form.EMPTY else str(answer.status)


def numeric_id(account: Account) -> Told | Otherwise:
    """Ask for the offers of a product by its number."""
    product = next(iter(account.products.rows), None)
    if product is None:
        raise NotTold("the account has no product")
    answer = account.get(f"{words.PRODUCTS}/{product['id']}/offers")
    if answer.status == 500:
        return Told("500", answer.says)
    if settled(answer).status == 200 and answer.form is Form.EMPTY:
        return Told("empty_body", answer.says)
    return Otherwise(f"For a numeric id Hotmart answers {answer.says}.")


def draft(account: Account) -> Told | Otherwise:
    """Ask for the coupons of a draft."""
    product = next(account.products_where(status="DRAFT"), None)
    if product is None:
        raise NotTold("the account has no draft")
    answer = settled(account.get(f"{words.COUPONS}/{product['id']}"))
    if answer.status not in (200, 404):
        return Otherwise(f"For a draft Hotmart answers {answer.says}.")
    return Told(str(answer.status), answer.says)


def _coupons(account: Account) -> list[tuple[Row, Answer]]:
    """Return up to four products with the answers for their coupons.

    They are the two products sold with coupons most often, a draft, and the product of the other parity sold with
    coupons least often: an answer without coupons may depend on the number (4.17).
    """
    details = _if_any(lambda: account.view(words.PRICE_DETAILS).rows)
    uses = Counter(value_at(row, "product.id") for row in details if isinstance(row.get("coupon"), dict))
    listed = [product for product in account.products.rows if product.get("status") != "DELETED"]
    picked = sorted(listed, key=lambda product: -uses[product["id"]])[:2]
    rest = sorted((product for product in listed if product not in picked), key=lambda product: uses[product["id"]])
    picked += [product for product in rest if product.get("status") == "DRAFT"][:1] or rest[:1]
    picked += [product for product in rest if (product["id"] - picked[-1]["id"]) % 2][:1]
    if not picked:
        raise NotTold("the account has no product")
    return [(product, settled(account.get(f"{words.COUPONS}/{product['id']}"))) for product in picked]


def coupon_prefix(account: Account) -> Told | Otherwise:
    """Look for coupons below /products/api/v1, and below the other prefix where there are none."""
    answers = _coupons(account)
    found = sum(bool(answer.rows) for _, answer in answers)
    if found:
        return Told("products", f"{found} of {amount(len(answers), 'product')} have coupons there")
    for row, _ in answers:
        if settled(account.get(f"{words.COUPONS_ELSEWHERE}/{row['id']}")).rows:
            return Told("payments", f"none of {amount(len(answers), 'product')} has coupons below /products/api/v1")
    raise NotTold(f"none of {amount(len(answers), 'product')} has coupons")


def no_coupons(account: Account) -> Told | Otherwise:
    """Check what is answered for products without coupons."""
    forms = {row["id"] % 2: _none_form(answer) for row, answer in _coupons(account) if _none_form(answer)}
    known = set(forms.values()) & {"list", "empty"}
    note = f"products with {' and '.join(('even', 'odd')[rest] for rest in sorted(forms))} numbers"
    if not known:
        raise NotTold("every product that was asked for has coupons")
    if known == {"list", "empty"}:
        return Told("mixed", note)
    if len(forms) < 2:
        raise NotTold(f"only {note} without coupons were asked for")
    return Told(known.pop(), note)


def coupon_of_several(account: Account) -> Told | Otherwise:
    """Look for a coupon that is listed for two products."""
    lists = [set(answer.values("id")) for _, answer in _coupons(account) if answer.rows]
    shared = {number for one, other in combinations(lists, 2) for number in one & other}
    if shared:
        return Told("several_products", f"{amount(len(shared), 'coupon')} of {amount(len(lists), 'product')}")
    if len(lists) < 2:
        raise NotTold("coupons of one product only are known")
    return Told("one_product", f"{amount(sum(map(len, lists)), 'coupon')} of {amount(len(lists), 'product')}")


def coupon_fields(account: Account) -> Told | Otherwise:
    """Check which coupons have active and start_date."""
    rows = [row for _, answer in _coupons(account) for row in answer.rows]
    enough(rows, "coupons", 3)
    keys = [sum(name in row for name in ("active", "start_date")) for row in rows]
    side = "all" if min(keys) == 2 else "bare" if max(keys) == 0 else "some_bare"
    return Told(side, f"{sum(count == 2 for count in keys):,} of {amount(len(rows), 'coupon')} have both")

"""Products, and what a product without offers, plans or coupons looks like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from integration_tests.live.account import ASKED_ROWS, PRODUCTS_TRIED, Account, settled
from integration_tests.live.answer import Answer, Form
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount
from source_hotmart.streams import Products

COUPONS = "products/api/v1/coupon/product"


class DeletedProducts(Question):
    """DELETED is a status, so they probably are."""

    assumption = "deleted products stay in the list"
    depends = "no: the list is always read whole"

    def ask(self, account: Account) -> Told:
        statuses = list(account.products().values("status"))
        deleted = sum(status == "DELETED" for status in statuses)
        if deleted:
            return Told(f"{deleted:,} of {amount(len(statuses), 'product')}")
        raise NotTold("no deleted product is listed, and whether there was one nobody knows")


@dataclass(frozen=True)
class NoneForm(Question):
    """What comes for a product that has none of a kind: a list, nothing at all, a refusal."""

    kind: str
    expected: tuple[str, ...]
    """What the connector takes for none: `list`, `empty body`, `400`."""

    depends: ClassVar[str] = "yes: read as no rows"

    @property
    def assumption(self) -> str:
        return f"a product without {self.kind}: {' or '.join(self.expected)}"

    def ask(self, account: Account) -> Told:
        answers = list(tried(account, self.kind))
        if not answers:
            raise NotTold("the account has no product of its own to ask for")
        for answer in answers:
            form = _none_form(settled(answer))
            if form:
                known = form in self.expected
                return Told(answer.says, "" if known else "one such product fails the stream")
        raise NotTold(f"every product asked for has {self.kind}")


def tried(account: Account, kind: str) -> Iterator[Answer]:
    """The answers for a few products, up to the first that has none of the kind.

    Raises `NotTold` where products cannot be read.
    """
    if kind == "coupons":
        paths = [f"{COUPONS}/{number}" for number in account.product_values("id")]
    elif kind == "plans":
        paths = [
            f"{Products.endpoint}/{ucode}/plans" for ucode in account.product_values("ucode", is_subscription=False)
        ]
        paths = paths[:1]
    else:
        # A draft is the likeliest to have no price yet.
        drafts = account.product_values("ucode", status="DRAFT")
        ucodes = dict.fromkeys([*drafts[:1], *account.product_values("ucode")])
        paths = [f"{Products.endpoint}/{ucode}/offers" for ucode in ucodes][:2]
    for path in paths[:PRODUCTS_TRIED]:
        answer = account.get(path, max_results=ASKED_ROWS)
        yield answer
        if _none_form(answer):
            return


def largest(account: Account, kind: str) -> Answer:
    """The longest list of a kind among the products that are asked for."""
    answers = [answer for answer in _lists(account, kind) if answer.is_page]
    if not answers:
        raise NotTold(f"no product asked for has {kind}")
    return max(answers, key=lambda answer: len(answer.rows))


def _lists(account: Account, kind: str) -> Sequence[Answer]:
    if kind != "plans":
        return list(tried(account, kind))
    ucodes = account.product_values("ucode", is_subscription=True)[:1]
    return [account.get(f"{Products.endpoint}/{ucode}/plans", max_results=ASKED_ROWS) for ucode in ucodes]


def _none_form(answer: Answer) -> str:
    """By what an answer says that there is none; nothing for one with rows."""
    if answer.is_page:
        return "" if answer.rows else "empty list"
    if answer.status == 200:
        return "empty body" if answer.form is Form.EMPTY else answer.form.value
    return str(answer.status)

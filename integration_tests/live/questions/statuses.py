"""What `transaction_status` and `status` do: repeated, as a list, left out."""

from dataclasses import dataclass
from typing import ClassVar

from integration_tests.live.account import ASKED_ROWS, HISTORY, Account, readable
from integration_tests.live.answer import Answer
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount
from source_hotmart.sales import SALE_STATUSES, SalesStream
from source_hotmart.streams import SalesHistory, SalesPriceDetails, SalesSummary, Subscriptions

DEFAULT_STATUSES = frozenset({"APPROVED", "COMPLETE"})
SUBSCRIPTION_STATUSES = (
    "ACTIVE",
    "INACTIVE",
    "DELAYED",
    "CANCELLED_BY_CUSTOMER",
    "CANCELLED_BY_SELLER",
    "CANCELLED_BY_ADMIN",
    "STARTED",
    "OVERDUE",
)
ALL_OF_ONE_KIND = "all sales of the last twelve months are approved or complete"


def short(path: str) -> str:
    """An endpoint without what all have in common."""
    return path.split("/v1/")[-1]


def repeated(account: Account, stream: type[SalesStream]) -> Answer:
    """The last twelve months of a sales endpoint in every status, as the connector asks for them."""
    rows = SalesHistory.page_size if stream is SalesHistory else ASKED_ROWS
    return account.sales(stream.endpoint, rows=rows, statuses=stream.statuses)


def without_statuses(account: Account) -> Answer:
    """The same sales, no status and no page size sent."""
    return readable(account.sales(statuses=None))


@dataclass(frozen=True)
class SeveralStatuses(Question):
    """Proven on sales/history only."""

    stream: type[SalesStream]

    depends: ClassVar[str] = "yes: one query for all statuses"

    @property
    def assumption(self) -> str:
        return f"{short(self.stream.endpoint)}: repeated transaction_status gives the union"

    def ask(self, account: Account) -> Told:
        answer = repeated(account, self.stream)
        if answer.is_refusal:
            return Told(f"{answer.says}; the connector then reads status by status")
        came, default = readable(answer).count, without_statuses(account).count
        if came is None or default is None:
            raise NotTold("Hotmart tells no total_results, and the sales fill more than a page")
        sales = amount(came, "sale")
        if came > default:
            return Told(f"{answer.status}: {sales}, against {default:,} approved or complete ones")
        if came < default:
            return Told(f"{answer.status}: only {sales}; {default:,} are approved or complete", "rows are missed")
        raise NotTold(ALL_OF_ONE_KIND)


@dataclass(frozen=True)
class CommaList(Question):
    """No outcome was recorded."""

    stream: type[SalesStream]

    depends: ClassVar[str] = "no: the key is repeated"

    @property
    def assumption(self) -> str:
        return f"{short(self.stream.endpoint)}: a comma list of statuses is refused"

    def ask(self, account: Account) -> Told:
        answer = account.sales(self.stream.endpoint, rows=1, statuses=",".join(self.stream.statuses))
        if answer.is_refusal:
            return Told(answer.says)
        listed, came = readable(answer).count, repeated(account, self.stream).count
        if listed is None or came is None:
            return Told("accepted")
        return Told(f"accepted, with {listed:,} of the {amount(came, 'sale')} that repeated keys give")


class DefaultStatuses(Question):
    """Documented, and seen live three times."""

    assumption = "sales without a status are the approved and complete ones"
    depends = "yes: sales_summary adds up these"

    def ask(self, account: Account) -> Told:
        answer = without_statuses(account)
        seen = set(answer.values("purchase.status"))
        came, every = answer.count, repeated(account, SalesHistory).count
        if seen - DEFAULT_STATUSES:
            others = sorted(seen & set(SALE_STATUSES) - DEFAULT_STATUSES) or ["unknown ones"]
            return Told(f"other statuses come as well: {', '.join(others)}", "sales_summary holds more than it says")
        if came is None or every is None:
            raise NotTold("Hotmart tells no total_results, and the sales fill more than a page")
        if came == every:
            raise NotTold(ALL_OF_ONE_KIND if every else "there is no sale in the last twelve months")
        return Told(f"{came:,} of {amount(every, 'sale')}, every one seen approved or complete")


class DetailsStatuses(Question):
    """The documentation lists 14 of the 17."""

    assumption = "price/details knows no NO_FUNDS, PRE_ORDER, PROCESSING_TRANSACTION"
    depends = "yes: they are not asked for there"

    def ask(self, account: Account) -> Told:
        answer = account.sales(SalesPriceDetails.endpoint, rows=1, statuses=SALE_STATUSES)
        if answer.is_refusal:
            return Told(answer.says)
        every, known = readable(answer).count, readable(repeated(account, SalesPriceDetails)).count
        if every is None or known is None:
            raise NotTold("Hotmart tells no total_results, and the sales fill more than a page")
        if every > known:
            return Told(
                f"accepted, with {amount(every - known, 'more sale')}",
                "sales_price_details misses sales in these three statuses",
            )
        return Told("accepted, and no sale more came")


class SummaryStatuses(Question):
    """The documentation speaks of one value."""

    assumption = "sales/summary: repeated transaction_status gives the union"
    depends = "no: no status is sent there"

    def ask(self, account: Account) -> Told:
        answer = account.sales(SalesSummary.endpoint, rows=ASKED_ROWS)
        if answer.is_refusal:
            return Told(answer.says)
        added, came = sum(readable(answer).values("total_items")), repeated(account, SalesHistory).count
        return Told(f"{amount(added, 'sale')} added up" + ("" if came is None else f", {came:,} in {short(HISTORY)}"))


class SubscriptionStatuses(Question):
    """No default filter is documented."""

    assumption = "subscriptions without a status are those of every status"
    depends = "yes: no status is sent"

    def ask(self, account: Account) -> Told:
        page = account.subscriptions()
        seen = set(page.values("status")) & set(SUBSCRIPTION_STATUSES)
        if not page.rows:
            raise NotTold("the account has no subscription")
        if seen - {"ACTIVE", "STARTED"}:
            return Told(", ".join(sorted(seen)))
        every = readable(
            account.get(
                Subscriptions.endpoint,
                accession_date=account.subscriptions_from_ms,
                status=list(SUBSCRIPTION_STATUSES),
                max_results=1,
            )
        )
        if every.count is None or page.count is None or every.count == page.count:
            raise NotTold("all subscriptions are active")
        return Told(
            f"{page.count:,} of {every.count:,}, only {', '.join(sorted(seen)) or 'of unknown statuses'}",
            "subscriptions of other statuses are missed",
        )

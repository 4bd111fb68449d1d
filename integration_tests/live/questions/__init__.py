"""Every question, in the order in which they are asked: what the connector rests on comes first."""

from typing import Final

from integration_tests.live.account import ASKED_ROWS, Account
from integration_tests.live.answer import Answer
from integration_tests.live.question import Question
from integration_tests.live.questions import clubs, events, login, products, speed, statuses, subscriptions, windows
from integration_tests.live.questions.pages import DefaultPage, Ordering, PageMaximum, Totals
from source_hotmart.streams import (
    ClubStudents,
    Products,
    SalesCommissions,
    SalesHistory,
    SalesPriceDetails,
    SalesUsers,
)

SALES: Final = (SalesHistory, SalesUsers, SalesCommissions, SalesPriceDetails)


def _many_sales(account: Account) -> Answer:
    return account.sales(rows=ASKED_ROWS)


def _users(account: Account) -> Answer:
    return statuses.repeated(account, SalesUsers)


def _commissions(account: Account) -> Answer:
    return statuses.repeated(account, SalesCommissions)


def _details(account: Account) -> Answer:
    return statuses.repeated(account, SalesPriceDetails)


def _offers(account: Account) -> Answer:
    return products.largest(account, "offers")


def _plans(account: Account) -> Answer:
    return products.largest(account, "plans")


def _coupons(account: Account) -> Answer:
    return products.largest(account, "coupons")


def _plain_products(account: Account) -> Answer:
    return account.get(Products.endpoint)


def _plain_students(account: Account) -> Answer:
    return account.get(ClubStudents.endpoint, subdomain=account.club)


PAGED: Final = (
    ("sales/history", _many_sales, 500),
    ("sales/users", _users, 500),
    ("sales/commissions", _commissions, 500),
    ("sales/price/details", _details, 500),
    ("subscriptions", Account.subscriptions, 500),
    ("subscriptions/summary", subscriptions.summaries, 500),
    ("subscriptions/transactions", Account.charges, 500),
    ("products", Account.products, None),
    ("offers", _offers, None),
    ("plans", _plans, None),
    ("coupons", _coupons, None),
    ("club/users", Account.students, None),
    ("participants", events.participants, None),
)
"""Endpoints with pages: their name, how many rows are asked for, and the maximum that is known."""

SECTIONS: Final[tuple[tuple[str, tuple[Question, ...]], ...]] = (
    ("login", (login.TokenLife(),)),
    (
        "sales",
        (
            *(statuses.SeveralStatuses(stream) for stream in SALES),
            statuses.DefaultStatuses(),
            statuses.DetailsStatuses(),
            windows.WindowLimit(),
            windows.WindowEnds(),
            speed.CountIsCheap(),
            speed.YearInTime(),
        ),
    ),
    (
        "subscriptions",
        (
            subscriptions.LongList(),
            statuses.SubscriptionStatuses(),
            subscriptions.EndAccession(),
            subscriptions.TransactionDate(),
        ),
    ),
    (
        "products",
        (
            products.NoneForm("offers", ("empty list",)),
            products.NoneForm("plans", ("400", "empty list")),
            products.NoneForm("coupons", ("empty list", "empty body")),
            products.DeletedProducts(),
        ),
    ),
    ("clubs", (clubs.SubdomainForms(), clubs.UnknownClub(), clubs.DefaultModules(), clubs.ModulePages())),
    ("events", (events.DefaultTickets(),)),
    ("largest pages", tuple(PageMaximum(name, ask, maximum) for name, ask, maximum in PAGED)),
    ("counts", tuple(Totals(name, ask) for name, ask, _ in PAGED)),
    (
        "what is left out",
        (
            windows.FutureEnd(),
            windows.DefaultWindow(),
            subscriptions.DefaultAccession(),
            subscriptions.SummaryDefaultAccession(),
            subscriptions.DefaultTransactionDate(),
            statuses.SummaryStatuses(),
            *(statuses.CommaList(stream) for stream in SALES),
            DefaultPage("sales/history", statuses.without_statuses),
            DefaultPage("products", _plain_products),
            DefaultPage("club/users", _plain_students),
        ),
    ),
    (
        "order",
        (
            Ordering("sales/history", Account.sales_page, "purchase.order_date"),
            Ordering("subscriptions", Account.subscriptions, "accession_date"),
            Ordering("subscriptions/transactions", Account.charges, "purchase.order_date"),
        ),
    ),
    ("quota", (login.QuotaHeaders(),)),
)

"""The words that Hotmart uses for statuses, and its paths, as the reference spells them (hotmart-api.md 2.4, 4 and 5).

The probe asks the real API, so it takes them from neither the connector nor the simulator.
"""

from typing import Final

SALE_STATUSES: Final = (
    "PARTIALLY_REFUNDED",  # first because it is rare: a view that uses only the first status then shows few sales
    "APPROVED",
    "BLOCKED",
    "CANCELLED",
    "CHARGEBACK",
    "COMPLETE",
    "EXPIRED",
    "NO_FUNDS",
    "OVERDUE",
    "PRE_ORDER",
    "PRINTED_BILLET",
    "PROCESSING_TRANSACTION",
    "PROTESTED",
    "REFUNDED",
    "STARTED",
    "UNDER_ANALISYS",
    "WAITING_PAYMENT",
)
UNDOCUMENTED_ON_PRICE_DETAILS: Final = ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
DOCUMENTED_14: Final = tuple(status for status in SALE_STATUSES if status not in UNDOCUMENTED_ON_PRICE_DETAILS)
PAID: Final = frozenset({"APPROVED", "COMPLETE"})
ROLES_OF_OTHERS: Final = ("COPRODUCER", "AFFILIATE")
SUBSCRIPTION_STATUSES: Final = (
    "ACTIVE",
    "INACTIVE",
    "DELAYED",
    "CANCELLED_BY_CUSTOMER",
    "CANCELLED_BY_SELLER",
    "CANCELLED_BY_ADMIN",
    "STARTED",
    "OVERDUE",
)
TICKET_STATUSES: Final = (
    "SOLD",
    "INVITE",
    "INVITE_CANCELED",
    "REFUNDED",
    "CHARGEBACK",
    "EXCLUDED",
    "AVAILABLE",
    "RESERVED",
)
CONFIRMED_TICKETS: Final = frozenset({"SOLD", "INVITE"})
STAFF: Final = ("OWNER", "ADMIN")

SALES: Final = "payments/api/v1/sales"
HISTORY: Final = f"{SALES}/history"
USERS: Final = f"{SALES}/users"
COMMISSIONS: Final = f"{SALES}/commissions"
PRICE_DETAILS: Final = f"{SALES}/price/details"
TOTALS: Final = f"{SALES}/summary"
SUBSCRIPTIONS: Final = "payments/api/v1/subscriptions"
SUMMARY: Final = f"{SUBSCRIPTIONS}/summary"
CHARGES: Final = f"{SUBSCRIPTIONS}/transactions"
PRODUCTS: Final = "products/api/v1/products"
COUPONS: Final = "products/api/v1/coupon/product"
COUPONS_ELSEWHERE: Final = "payments/api/v1/coupon/product"
STUDENTS: Final = "club/api/v1/users"
STUDENTS_ELSEWHERE: Final = "club/api/v1/students"
LESSONS_ELSEWHERE: Final = "club/api/v1/students/progress"
MODULES: Final = "club/api/v1/modules"
EVENTS: Final = "events/api/v1"
ME: Final = "user/api/v1/me"

KNOWN_CODES: Final = frozenset(
    {
        "0006",
        "internal_error",
        "internal_server_error",
        "invalid_parameter",
        "invalid_token",
        "invalid_value_headers",
        "invalid_value_parameter",
        "method_not_allowed",
        "not_found",
        "token_expired",
        "too_many_requests",
        "unauthorized",
        "unauthorized_client",
    }
)
"""Codes of 2.4. Another code is not printed, because it could quote anything."""
QUOTA_HEADERS: Final = (
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-RateLimit-Limit-Minute",
    "X-RateLimit-Remaining-Minute",
    "Retry-After",
)

"""The values of Hotmart's enums, spelled as each endpoint spells them (hotmart-api.md 4 and 5)."""

from typing import Final

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000

SALE_STATUSES: Final = (
    "APPROVED",
    "BLOCKED",
    "CANCELLED",
    "CHARGEBACK",
    "COMPLETE",
    "EXPIRED",
    "NO_FUNDS",
    "OVERDUE",
    "PARTIALLY_REFUNDED",
    "PRE_ORDER",
    "PRINTED_BILLET",
    "PROCESSING_TRANSACTION",
    "PROTESTED",
    "REFUNDED",
    "STARTED",
    "UNDER_ANALISYS",  # sic: the sales endpoints spell it so
    "WAITING_PAYMENT",
)
STATUS_INDEX: Final = {status: index for index, status in enumerate(SALE_STATUSES)}
DEFAULT_SALE_STATUSES: Final = ("APPROVED", "COMPLETE")
PENDING_STATUSES: Final = (
    "PRE_ORDER",
    "PRINTED_BILLET",
    "PROCESSING_TRANSACTION",
    "STARTED",
    "UNDER_ANALISYS",
    "WAITING_PAYMENT",
)
PAID_STATUSES: Final = frozenset(("APPROVED", "CHARGEBACK", "COMPLETE", "PARTIALLY_REFUNDED", "PROTESTED", "REFUNDED"))
PRICE_DETAILS_STATUSES: Final = tuple(
    status for status in SALE_STATUSES if status not in ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
)

SALE_VIEWS: Final = ("history", "summary", "users", "commissions", "price_details")
ROLES: Final = ("PRODUCER", "COPRODUCER", "AFFILIATE")

PAYMENT_TYPES: Final = (
    "BILLET",
    "CASH_PAYMENT",
    "CREDIT_CARD",
    "DIRECT_BANK_TRANSFER",
    "DIRECT_DEBIT",
    "FINANCED_BILLET",
    "FINANCED_INSTALLMENT",
    "GOOGLE_PAY",
    "HOTCARD",
    "HYBRID",
    "MANUAL_TRANSFER",
    "PAYPAL",
    "PAYPAL_INTERNACIONAL",
    "PICPAY",
    "PIX",
    "SAMSUNG_PAY",
    "WALLET",
)

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
BILLING_TYPES: Final = ("SUBSCRIPTION", "SMART_INSTALLMENT", "SMART_RECOVERY")
RECURRENCY_STATUSES: Final = ("PAID", "NOT_PAID", "CLAIMED", "REFUNDED", "CHARGEBACK")
# subscriptions/transactions has its own list of purchase statuses, with the right spelling of analysis.
PURCHASE_STATUS_OF: Final = {
    "APPROVED": "APPROVED",
    "BLOCKED": "CANCELLED",
    "CANCELLED": "CANCELLED",
    "CHARGEBACK": "CHARGEBACK",
    "COMPLETE": "COMPLETE",
    "EXPIRED": "EXPIRED",
    "NO_FUNDS": "CANCELLED",
    "OVERDUE": "DELAYED",
    "PARTIALLY_REFUNDED": "PARTIALLY_REFUNDED",
    "PRE_ORDER": "STARTED",
    "PRINTED_BILLET": "PRINTED_BILLET",
    "PROCESSING_TRANSACTION": "STARTED",
    "PROTESTED": "PROTESTED",
    "REFUNDED": "REFUNDED",
    "STARTED": "STARTED",
    "UNDER_ANALISYS": "UNDER_ANALYSIS",
    "WAITING_PAYMENT": "WAITING_PAYMENT",
}
PURCHASE_STATUSES: Final = tuple(dict.fromkeys(PURCHASE_STATUS_OF.values()))

PRODUCT_STATUSES: Final = (
    "DRAFT",
    "ACTIVE",
    "PAUSED",
    "NOT_APPROVED",
    "IN_REVIEW",
    "DELETED",
    "CHANGES_PENDING_ON_PRODUCT",
)
PRODUCT_FORMATS: Final = (
    "EBOOK",
    "SOFTWARE",
    "MOBILE_APPS",
    "VIDEOS",
    "AUDIOS",
    "TEMPLATES",
    "IMAGES",
    "ONLINE_COURSE",
    "SERIAL_CODES",
    "ETICKET",
    "ONLINE_SERVICE",
    "ONLINE_EVENT",
    "BUNDLE",
    "COMMUNITY",
    "AGENT",
)
# Tickets of events (hotmart-api.md 4.18). The docs say that the confirmed ones are listed by default.
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
CONFIRMED_TICKETS: Final = ("SOLD", "INVITE")
TICKET_TYPES: Final = ("PAID", "FREE")
CHECKIN_STATUSES: Final = ("PENDING", "PARTIAL", "CONCLUDED")
FAMILIES: Final = ("payments", "products", "club", "events", "user")
DEFAULT_SUBDOMAINS: Final = ("my-school", "second-school")

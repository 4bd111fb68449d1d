"""Facts about one product under the account's switches: whether it is listed, and its offers."""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.products.state import Offer, Product

# The plans endpoint has names of its own for the payment modes of offers (hotmart-api.md 5.12).
PLAN_MODES: Final = {
    "UNIQUE_PAYMENT": "PAGAMENTO_UNICO",
    "SUBSCRIPTION": "ASSINATURA",
    "MULTIPLE_PAYMENTS": "MULTIPLOS_PAGAMENTOS",
    "PAY_IN_FULL": "PAGAMENTO_VISTA",
    "FINANCED_BILLET": "NOT_DEFINED",
}


def is_listed(account: Account, product: Product) -> bool:
    """Whether products/api lists the product. A deleted one can be absent, and a co-produced one can be listed."""
    if product.role == "COPRODUCER":
        return account.switches.products_listed == "coproduced_too"
    return product.status != "DELETED" or account.switches.deleted_products == "listed"


def listed(account: Account) -> list[Product]:
    """Return the products that products/api lists."""
    products = account.products
    return [product for product in (*products.own, *products.coproduced) if is_listed(account, product)]


def has_children(account: Account, product: Product) -> bool:
    """Whether the product's offers, plans and coupons can be read."""
    is_refused = product.status == "DRAFT" and account.switches.draft_children == "404"
    return is_listed(account, product) and not is_refused


def offers(product: Product) -> list[Offer]:
    """Return the offers that sales name, the main one first: for a subscription, the offers of its plans (6.6)."""
    if product.is_subscription:
        plans = (*product.plans, *product.later_plans)
        return [Offer(plan.offer_code, "SUBSCRIPTION", plan.price_cents) for plan in plans]
    return [*(Offer(code, mode, product.price_cents) for code, mode in product.offers), *product.later_offers]


def has_smart_recovery(offer: Offer) -> bool:
    """Whether Smart Recovery is on for an offer."""
    return int(offer.code, 16) & 6 == 0


def plan_offers(account: Account, product: Product) -> list[Offer]:
    """Return the offers of a one-off product that have a plan.

    `is_subscription` is false for products with Smart Installment and Smart Recovery. The reference does not say
    whether they have plans (beliefs.md 20).
    """
    if product.is_subscription or account.switches.plans_of == "subscriptions":
        return []
    return [
        offer for offer in offers(product) if offer.payment_mode == "SMART_INSTALLMENT" or has_smart_recovery(offer)
    ]

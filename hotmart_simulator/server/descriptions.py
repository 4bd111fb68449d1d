"""The contents of hotmart-api.md for each path: the shape of its records (5), and whether it has a total (3.5)."""

from dataclasses import replace
from typing import Final

from hotmart_simulator.server.endpoint import Endpoint, PagedEndpoint

SHAPES: Final = {
    "/payments/api/v1/sales/history": "sales_history",
    "/payments/api/v1/sales/summary": "sales_summary",
    "/payments/api/v1/sales/users": "sales_users",
    "/payments/api/v1/sales/commissions": "sales_commissions",
    "/payments/api/v1/sales/price/details": "sales_price_details",
    "/payments/api/v1/subscriptions": "subscriptions",
    "/payments/api/v1/subscriptions/summary": "subscription_summary",
    "/payments/api/v1/subscriptions/transactions": "subscription_transactions",
    "/payments/api/v1/subscriptions/<subscriber_code>/purchases": "subscription_purchases",
    "/products/api/v1/products": "products",
    "/products/api/v1/products/<ucode>/offers": "product_offers",
    "/products/api/v1/products/<ucode>/plans": "product_plans",
    "/products/api/v1/coupon/product/<product_id>": "coupons",
    "/payments/api/v1/coupon/product/<product_id>": "coupons",
    "/club/api/v1/users": "club_students",
    "/club/api/v1/users/<user_id>/lessons": "club_lessons",
    "/club/api/v1/modules": "club_modules",
    "/club/api/v1/modules/<module_id>/pages": "club_pages_v1",
    "/club/api/v2/modules/<module_id>/pages": "club_pages_v2",
    "/events/api/v1/<event_id>/info": "event_info",
    "/events/api/v1/<event_id>/participants": "event_participants",
}
WITH_TOTALS: Final = frozenset(
    (
        "/payments/api/v1/sales/history",
        "/payments/api/v1/sales/summary",
        "/payments/api/v1/sales/commissions",
        "/payments/api/v1/sales/price/details",
        "/payments/api/v1/subscriptions",
        "/club/api/v1/users",
        "/events/api/v1/<event_id>/participants",
    )
)


def described(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with the shape and total of its path. A path without a shape has no dates to change."""
    shape = SHAPES.get(endpoint.path, "")
    if isinstance(endpoint, PagedEndpoint):
        return replace(endpoint, shape=shape, totals=endpoint.path in WITH_TOTALS)
    return replace(endpoint, shape=shape)

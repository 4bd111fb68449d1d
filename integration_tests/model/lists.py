"""Hotmart's lists that can have faults, and the connector's messages about charges."""

from __future__ import annotations

from typing import Final

API: Final = "/payments/api/v1"
PATHS: Final = {
    "sales_history": f"{API}/sales/history",
    "sales_users": f"{API}/sales/users",
    "sales_commissions": f"{API}/sales/commissions",
    "sales_price_details": f"{API}/sales/price/details",
    "subscriptions": f"{API}/subscriptions",
    "subscription_transactions": f"{API}/subscriptions/transactions",
    "club_students": "/club/api/v1/users",
    "products": "/products/api/v1/products",
}
"""The address of each list that is read as a stream of its own."""
CHILDREN: Final = {
    "subscription_purchases": (403, f"{API}/subscriptions/*/purchases", "subscriber_code", 0),
    "club_lessons": (404, "/club/api/v1/users/*/lessons", "user_id", 1),
}
"""How a parent is rejected: status, address, position of the parent's ID in the address and in a row's key."""
SALES_PATHS: Final = f"{API}/sales/*"
WITHOUT_DATES: Final = ("subscriptions", "club_students", "products")
"""Lists that may be empty."""
WITHOUT_UPDATES: Final = ("Not all charges that have changed could be read",)
"""Message if the connector could not find out which charges were updated. The next sync finds out."""
OF_PARENT: Final = {"subscriptions": ("subscription_purchases", 0), "club_students": ("club_lessons", slice(0, 2))}
"""Rows lost together with a row: the child stream, and the position of the row's key in the children's keys."""

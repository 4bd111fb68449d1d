"""The lists of Hotmart in which faults happen, and what the connector says of charges."""

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
"""The address of each list that is read for its own sake."""
CHILDREN: Final = {
    "subscription_purchases": (403, f"{API}/subscriptions/*/purchases", "subscriber_code", 0),
    "club_lessons": (404, "/club/api/v1/users/*/lessons", "user_id", 1),
}
"""How a parent is refused: status, address, the parent's id in the address and its place in the key of a row."""
SALES_PATHS: Final = f"{API}/sales/*"
WITHOUT_DATES: Final = ("subscriptions", "club_students", "products")
"""Lists that may arrive empty."""
WITHOUT_UPDATES: Final = ("Not all charges that have changed could be read",)
"""What the connector says when it could not find out which charges were updated. The next sync does."""
OF_PARENT: Final = {"subscriptions": ("subscription_purchases", 0), "club_students": ("club_lessons", slice(0, 2))}
"""What is lost with a row: the stream of its children, and the place of its key in theirs."""

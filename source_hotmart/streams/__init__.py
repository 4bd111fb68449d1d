"""The streams, a file per resource, over the bases of all, of dated and of child streams.

A new stream is a class in the file of its resource, its name in `STREAMS`, and a file in `schemas/`.
"""

from __future__ import annotations

from typing import Final

from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.events import EventParticipants
from source_hotmart.streams.members_area import ClubLessons, ClubModules, ClubPages, ClubStudents
from source_hotmart.streams.products import Coupons, ProductOffers, ProductPlans, Products
from source_hotmart.streams.sales import SalesCommissions, SalesHistory, SalesPriceDetails, SalesSummary, SalesUsers
from source_hotmart.streams.subscriptions import (
    SubscriptionPurchases,
    Subscriptions,
    SubscriptionSummary,
    SubscriptionTransactions,
)

STREAMS: Final[tuple[type[HotmartStream], ...]] = (
    SalesHistory,
    SalesUsers,
    SalesCommissions,
    SalesPriceDetails,
    SalesSummary,
    Subscriptions,
    SubscriptionTransactions,
    SubscriptionSummary,
    SubscriptionPurchases,
    Products,
    ProductOffers,
    ProductPlans,
    Coupons,
    ClubStudents,
    ClubModules,
    ClubPages,
    ClubLessons,
    EventParticipants,
)
"""All streams, in the order of `discover`."""

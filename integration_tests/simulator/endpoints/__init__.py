"""The table of routes. A new endpoint is one line in a family's module; a new family is one line here."""

from typing import Final

from integration_tests.simulator.endpoints import (
    club,
    club_contents,
    coupons,
    events,
    products,
    sales,
    subscribers,
    subscriptions,
    user,
)
from integration_tests.simulator.endpoints.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *sales.ENDPOINTS,
    *subscriptions.ENDPOINTS,
    *subscribers.ENDPOINTS,
    *products.ENDPOINTS,
    *coupons.ENDPOINTS,
    *club.ENDPOINTS,
    *club_contents.ENDPOINTS,
    *events.ENDPOINTS,
    *user.ENDPOINTS,
)
# Anything else below these answers 200 with nothing (hotmart-api.md 2.4).
PREFIXES: Final = ("/payments/api/", "/products/api/", "/club/api/", "/events/api/", "/user/api/")

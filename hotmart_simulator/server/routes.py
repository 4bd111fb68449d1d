"""The table of routes. A new endpoint is one line in a resource's module, and a new resource is one line here."""

from typing import Final

from hotmart_simulator.coupons import http as coupons
from hotmart_simulator.events import http as events
from hotmart_simulator.members_area import content_http as club_contents
from hotmart_simulator.members_area import http as club
from hotmart_simulator.products import http as products
from hotmart_simulator.sales import http as sales
from hotmart_simulator.server.descriptions import described
from hotmart_simulator.server.endpoint import Endpoint
from hotmart_simulator.server.other_paths import other_endpoints
from hotmart_simulator.subscriptions import http as subscriptions
from hotmart_simulator.subscriptions import subscriber_http as subscribers
from hotmart_simulator.user import http as user

ENDPOINTS: Final[tuple[Endpoint, ...]] = tuple(
    described(endpoint)
    for endpoint in (
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
)
OTHER_ENDPOINTS: Final = other_endpoints(ENDPOINTS)
# Anything else below these is an unknown path (hotmart-api.md 2.4).
PREFIXES: Final = ("/payments/api/", "/products/api/", "/club/api/", "/events/api/", "/user/api/")

"""What can be set differently where hotmart-api.md records a conflict, a limit or an open question."""

from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints

from hotmart_simulator.common.vocabulary import DEFAULT_SUBDOMAINS, FAMILIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """One setting of the server; replace the whole object (or some fields) while it runs."""

    end_accession_filters: Literal["accession", "cancellation"] = "accession"  # 4.6: two meanings
    transaction_date_filters: Literal["last_update", "order_date"] = "last_update"  # 4.8: not documented
    currency_rows: bool = True  # 4.8: a row per commission currency
    several_statuses_accepted: bool = True  # 4.0.2; otherwise 400 invalid_parameter
    several_statuses_kept: Literal["all", "first"] = "all"  # 4.0.2: the union, or the first one without a word
    comma_lists: Literal["refuse", "accept"] = "refuse"  # 4.0.2: no recorded outcome
    statuses_by_default: Literal["paid", "all"] = "paid"  # 4.0.1, sales only
    subscriptions_by_default: Literal["all", "active"] = "all"  # 4.6: no filter is documented
    default_window_days: int = 30  # 4.0.5, 4.6 to 4.8: what comes without dates
    future_end_date: Literal["accept", "refuse"] = "refuse"  # 4.0.8
    max_window_days: int = 730  # 4.0.7, sales only
    max_window_of: Literal["length", "age"] = "length"  # 4.0.7: how long it is, or how long ago it starts
    window_ends: Literal["both", "start"] = "both"  # 4.0.6, sales only: which of its ends a window includes
    sales_order: Literal["newest", "oldest", "none"] = "newest"  # 3.7: not documented
    default_rows: int | None = None  # 3.2: a page without max_results, on every endpoint
    page_cap: int | None = None  # clamps max_results on every endpoint, silently
    payments_cap: int = 500  # 3.2
    products_cap: int = 100  # 3.2: 50 or more; the clients that send 100 see no error
    club_cap: int = 50
    events_cap: int = 100  # 3.2: not known
    token_life_s: int = 172_799  # 1.2
    limit_per_minute: int = 500  # 2.3
    quota_headers: bool = True
    quota_names: Literal["both", "standard", "x"] = "both"  # 2.3: RateLimit-Limit, X-RateLimit-Limit-Minute
    quota_reset: Literal["seconds", "epoch"] = "seconds"  # 2.3: from now; others send a point in time
    latency_ms: int = 0  # really slept, for each data call
    ms_per_row_sent: int = 0  # besides, for each row of the answer
    ms_per_row_found: int = 0  # besides, for each row of the query, on whatever page
    heavy_rows: int | None = None  # 502 when a window holds more rows, unless max_results=1
    heavy_days: int | None = None  # 502 when a window is longer, unless max_results=1
    unknown_subdomain: Literal["404", "redirect", "html"] = "404"  # 2.4
    subdomains: tuple[str, ...] = DEFAULT_SUBDOMAINS
    sandbox: bool = False  # the credential belongs to the other environment: 401
    permission: Literal["all", "none"] = "all"  # none: 403 unauthorized_client on Payments
    refused_families: tuple[str, ...] = ()  # of FAMILIES: what the credential may not read
    refused_with: Literal[401, 403] = 403
    send_totals: bool = True  # 3.5
    summary_delay_ms: int = 0  # 4.7: how old the summaries of subscriptions are, up to 24 h
    no_plans: Literal["400", "list", "empty"] = "400"  # 4.12: a product that is no subscription
    deleted_products: Literal["listed", "hidden"] = "listed"  # 4.10: not known
    no_coupons: Literal["mixed", "list", "empty"] = "mixed"  # 2.4: mixed is by product: even number, odd number
    subdomain_forms: Literal["exact", "loose"] = "exact"  # 4.13: loose takes it in capitals or without hyphens too
    empty_club_items: Literal["list", "object"] = "list"  # a club without students: [] or {}
    modules_without_is_extra: Literal["regular", "all"] = "regular"  # 4.14: not known
    pages_v1: Literal["all", "some_empty", "refused", "gone"] = "all"  # 4.15: [] for every second module, 404, no path
    pages_of_wrong_product: Literal["empty", "404", "400"] = "empty"  # 4.15: not known
    tickets_by_default: Literal["all", "confirmed"] = "all"  # 4.18: as seen, or as documented

    def __post_init__(self) -> None:
        """A misspelt word must not silently mean the other choice."""
        for name, hint in get_type_hints(type(self)).items():
            if get_origin(hint) is Literal and getattr(self, name) not in get_args(hint):
                raise ValueError(f"{name} is one of {', '.join(map(str, get_args(hint)))}")
        unknown = set(self.refused_families) - set(FAMILIES)
        if unknown:
            raise ValueError(f"refused_families are of {', '.join(FAMILIES)}")

"""The sides of every belief in `register.yaml`, and the settings of one simulated server.

`Settings` are facts of one account and its connection: load, limits, permissions. `Switches` adds one field for each
belief of the register. A default is Hotmart's documented or observed behaviour. Where the sources leave it open, the
default is the side that is harder on a client (`beliefs.md`, 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hotmart_simulator.common.vocabulary import DEFAULT_SUBDOMAINS, FAMILIES, SALE_STATUSES, SALE_VIEWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings that differ from account to account and from day to day. They are not beliefs."""

    subdomains: tuple[str, ...] = DEFAULT_SUBDOMAINS
    page_cap: int | None = None  # clamps max_results on every endpoint
    limit_per_minute: int = 500  # 2.3
    latency_ms: int = 0  # a real sleep, for each data call
    ms_per_row_sent: int = 0  # in addition, for each row of the response
    ms_per_row_found: int = 0  # in addition, for each row of the query on all pages
    heavy_rows: int | None = None  # 502 when a date range holds more rows, unless max_results=1
    heavy_days: int | None = None  # 502 when a date range is longer, unless max_results=1
    heavy_page_rows: int | None = None  # 502 for a page of more rows, on any endpoint and any date range
    total_cap: int = 100  # the largest total_results under totals_count=capped
    date_offset_s: int = 0  # added to the header Date of every answer, in seconds
    refused_statuses: tuple[str, ...] = ()  # of a sale: BLOCKED on every view, users:BLOCKED on one of them
    sandbox: bool = False  # the credential belongs to the other environment: 401
    permission: Literal["all", "none"] = "all"  # none: 403 unauthorized_client on Payments
    refused_families: tuple[str, ...] = ()  # of FAMILIES: what the credential may not read
    refused_with: Literal[401, 403] = 403

    def __post_init__(self) -> None:
        """Reject misspelt values, which would otherwise silently mean the other side."""
        for name, values in named_values().items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is one of {', '.join(map(str, values))}")
        unknown = set(self.refused_families) - set(FAMILIES)
        if unknown:
            raise ValueError(f"refused_families are of {', '.join(FAMILIES)}")
        for entry in self.refused_statuses:
            view, colon, status = entry.rpartition(":")
            if status not in SALE_STATUSES or (colon and view not in SALE_VIEWS):
                raise ValueError(f"refused_statuses are STATUS or VIEW:STATUS with a view of {', '.join(SALE_VIEWS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches(Settings):
    """The settings of one server. Replace the whole object (or some fields) while it runs."""

    # Login and rate limit
    token_life_s: int = 172_799
    tokens: Literal["side_by_side", "latest_only"] = "side_by_side"
    token_text: Literal["percent_encoded", "plain"] = "percent_encoded"
    login_form: Literal["query_or_form", "query_only"] = "query_or_form"
    login_limit: Literal["none", "few_per_minute"] = "none"
    wrong_secret: Literal["invalid_client", "unauthorized", "no_json"] = "invalid_client"
    refusal_401: Literal["by_cause", "unauthorized", "invalid_token"] = "by_cause"
    quota_names: Literal["both", "standard", "x", "none"] = "both"
    quota_reset: Literal["seconds", "epoch"] = "seconds"
    refusal_429: Literal["envelope", "message", "html"] = "envelope"
    retry_after: Literal["absent", "present"] = "absent"
    passing_400: Literal["never", "now_and_then"] = "never"
    user_me: Literal["there", "missing"] = "there"
    account_fields: Literal["both", "contact", "settings"] = "both"

    # Query parameters and pages, on every endpoint
    unknown_parameters: Literal["dropped", "refused"] = "dropped"
    paths: Literal["official", "charges_by_subscriber", "club_students", "student_progress"] = "official"
    unknown_path: Literal["mixed", "empty_body", "redirect"] = "mixed"
    default_rows: int | None = None
    payments_cap: int = 500
    products_cap: int = 50
    club_cap: int = 20
    events_cap: int = 50
    empty_pages: Literal["items", "some_without_items"] = "some_without_items"
    middle_pages: Literal["full", "some_short", "some_empty"] = "full"
    page_info: Literal["present", "absent_on_single_page"] = "present"
    results_per_page: Literal["rows", "zero"] = "rows"
    last_page_token: Literal["absent", "null", "empty"] = "absent"
    totals: Literal["documented", "everywhere", "nowhere"] = "documented"
    totals_count: Literal["rows", "page", "capped"] = "rows"
    untotalled_order: Literal["stable", "shifts_at_edges", "every_call"] = "shifts_at_edges"
    subscription_tokens: Literal["opaque", "page_numbers"] = "opaque"
    missing_dates: Literal["absent", "null", "zero"] = "absent"
    missing_fields: Literal["absent", "null"] = "absent"
    dates_unit: Literal["milliseconds", "seconds"] = "milliseconds"

    # Sales
    statuses_on_history: Literal["union", "first"] = "union"
    statuses_on_users: Literal["union", "first"] = "union"
    statuses_on_commissions: Literal["union", "first"] = "union"
    statuses_on_price_details: Literal["union", "first"] = "union"
    statuses_on_summary: Literal["union", "first"] = "union"
    several_statuses: Literal["accepted", "refused"] = "accepted"
    accepted_on_users: Literal["all_17", "documented_14"] = "all_17"
    accepted_on_commissions: Literal["all_17", "documented_14"] = "all_17"
    accepted_on_price_details: Literal["documented_14", "all_17"] = "documented_14"
    comma_lists: Literal["refuse", "accept"] = "refuse"
    statuses_by_default: Literal["paid", "all"] = "paid"
    unlisted_status: Literal["never", "some_sales"] = "never"
    status_shown: Literal["as_asked", "newer"] = "as_asked"
    transaction_lookup: Literal["every_status", "paid_only"] = "every_status"
    roles_by_default: Literal["every_role", "producer_only"] = "every_role"
    transactions_per_sale: Literal["one_row", "row_per_role"] = "one_row"
    transaction_codes: Literal["digits", "some_suffixed"] = "digits"
    sale_products: Literal["as_documented", "some_missing"] = "as_documented"
    other_views_filter: Literal["order_date", "approved_date"] = "order_date"
    late_commissions: Literal["never", "some_missing"] = "never"
    window_ends: Literal["both", "start", "end"] = "both"
    filter_unit: Literal["milliseconds", "seconds"] = "milliseconds"
    max_window_days: int = 730
    max_window_of: Literal["length", "age"] = "length"
    too_long_window: Literal["refused", "cut"] = "refused"
    future_end_date: Literal["refuse", "accept"] = "refuse"
    default_window_days: int = 30
    sales_order: Literal["newest", "oldest", "none"] = "newest"
    new_sales: Literal["at_once", "minutes_later"] = "at_once"
    chargebacks: Literal["come_back", "final"] = "come_back"
    latest_chargeback_days: int = 180
    warranty: Literal["some_extended", "fixed"] = "some_extended"
    sale_deletions: Literal["never", "some"] = "never"
    summary_totals: Literal["commissions", "prices"] = "commissions"
    commission_currency_key: Literal["mixed", "currency_code", "currency_value"] = "mixed"
    coupon_value: Literal["mixed", "fraction", "percent"] = "mixed"
    price_currencies: Literal["some_mixed", "one"] = "some_mixed"

    # Subscriptions
    request_date: Literal["creation", "last_charge"] = "creation"
    end_accession_filters: Literal["accession", "cancellation"] = "accession"
    subscriptions_by_default: Literal["all", "active"] = "all"
    next_charge_default: Literal["asleep", "from_now"] = "asleep"
    cancellation_default: Literal["asleep", "last_30_days"] = "asleep"
    max_subscription_window_days: int | None = None
    product_without_subscriptions: Literal["404", "empty"] = "404"
    subscriber_codes: Literal["one_subscription", "shared"] = "one_subscription"
    transaction_date_filters: Literal[
        "last_update", "order_date", "approved_date", "adoption_date", "recurrency_start", "cancellation_date"
    ] = "last_update"
    last_update: Literal["charge_only", "subscription_too"] = "charge_only"
    currency_rows: Literal["one", "per_currency"] = "per_currency"
    negotiated_recurrences: Literal["one_row", "row_each"] = "one_row"
    reactivation: Literal["keeps_dates", "new_accession"] = "keeps_dates"
    inactive: Literal["rests", "is_charged"] = "rests"
    summary_delay_hours: int = 0
    summary_default_window: Literal["applies", "none"] = "applies"
    summary_next_charge: Literal["present", "absent"] = "present"
    summary_code_filter: Literal["text", "integer"] = "text"
    transactions_delay_hours: int = 0
    transaction_types: Literal["recurring_too", "documented"] = "recurring_too"
    payment_delay_key: Literal["payment_delays_days", "payment_delay_days"] = "payment_delays_days"
    purchase_subscription: Literal["absent", "present"] = "absent"

    # Products and coupons
    products_by_default: Literal["all", "active"] = "all"
    products_listed: Literal["own", "coproduced_too"] = "own"
    deleted_products: Literal["listed", "hidden"] = "listed"
    plans_of: Literal["subscriptions", "instalments_too"] = "subscriptions"
    no_plans: Literal["400", "list", "empty"] = "400"
    numeric_ucode: Literal["empty_body", "500"] = "empty_body"
    draft_children: Literal["200", "404"] = "200"
    coupon_prefix: Literal["products", "payments"] = "products"
    coupons_of: Literal["one_product", "several_products"] = "one_product"
    no_coupons: Literal["mixed", "list", "empty"] = "mixed"
    coupon_fields: Literal["some_bare", "all", "bare"] = "some_bare"

    # Members areas
    unknown_subdomain: Literal["404", "redirect", "html"] = "404"
    subdomain_forms: Literal["exact", "loose"] = "exact"
    empty_club_items: Literal["list", "object"] = "list"
    student_rows: Literal["one", "per_class"] = "one"
    never_entered: Literal["listed", "hidden"] = "listed"
    last_access_date: Literal["at_once", "days_late"] = "at_once"
    lessons_of_staff: Literal["listed", "refused"] = "listed"
    modules_without_is_extra: Literal["regular", "all"] = "regular"
    module_total_pages: Literal["exact", "zero"] = "exact"
    module_products: Literal["one", "several"] = "one"
    pages_v1: Literal["all", "some_empty", "refused", "gone"] = "all"
    pages_of_wrong_product: Literal["empty", "404", "400"] = "empty"

    # Events
    tickets_by_default: Literal["all", "confirmed"] = "all"
    ticket_types_by_default: Literal["all", "paid"] = "all"
    checkins_by_default: Literal["all", "pending"] = "all"
    event_info: Literal["every_event", "published_only"] = "every_event"
    ticket_phones: Literal["mixed", "number", "text"] = "mixed"


@cache
def switch_types() -> Mapping[str, Any]:
    """Return the type of each field of `Switches`. The result is cached, because it takes milliseconds."""
    return get_type_hints(Switches)


@cache
def named_values() -> Mapping[str, tuple[Any, ...]]:
    """Return the values of each field that has a fixed list of them."""
    return {name: get_args(hint) for name, hint in switch_types().items() if get_origin(hint) is Literal}


def belief_names() -> tuple[str, ...]:
    """Return the fields of `Switches` that stand for a belief of the register."""
    settings = {field.name for field in fields(Settings)}
    return tuple(field.name for field in fields(Switches) if field.name not in settings)

"""Objects that all streams of one sync share."""

from __future__ import annotations

from dataclasses import dataclass, field

from airbyte_cdk.sources.streams.call_rate import APIBudget

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.pages import DEFAULT_LIMITS, Limits
from source_hotmart.api.rate_limit import CallBudget
from source_hotmart.api.retries import DEFAULT_RETRIES, RetryPolicy
from source_hotmart.api.transport import Connections
from source_hotmart.config.form import Config
from source_hotmart.records.columns import FieldLog
from source_hotmart.streams.answers import Answers
from source_hotmart.streams.default_filters import DefaultFilters
from source_hotmart.streams.parents import ParentLists
from source_hotmart.streams.sales_facts import RowCounts, SaleViews
from source_hotmart.streams.updated_charges import UpdatedCharges
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.report import SyncReport


@dataclass(frozen=True)
class Api:
    """Credentials, the rate limit, one `now`, and findings that streams share."""

    config: Config
    authenticator: HotmartAuthenticator
    now_ms: int
    """The start of the sync. Nothing later is read or claimed."""
    budget: APIBudget = field(default_factory=CallBudget)
    retries: RetryPolicy = DEFAULT_RETRIES
    limits: Limits = DEFAULT_LIMITS
    connections: Connections = field(default_factory=Connections)
    report: SyncReport = field(default_factory=SyncReport)
    progress: Progress = field(default_factory=Progress)
    parents: ParentLists = field(default_factory=ParentLists)
    sale_answers: Answers = field(default_factory=Answers)
    """What one view of the sales found out for all of them."""
    row_counts: RowCounts = field(default_factory=RowCounts)
    views: SaleViews = field(default_factory=SaleViews)
    default_filters: DefaultFilters = field(default_factory=DefaultFilters)
    updated_charges: UpdatedCharges = field(default_factory=UpdatedCharges)
    field_logs: dict[str, FieldLog] = field(default_factory=dict)
    """By name of the stream, because some lists are read for several streams."""

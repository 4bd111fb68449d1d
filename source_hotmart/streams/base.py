"""What streams have in common: one page from Hotmart, rows into records, and windows for the dated ones."""

from __future__ import annotations

import logging
import traceback
from abc import ABC
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from string import Formatter
from typing import Any, ClassVar
from urllib.parse import quote

import requests
from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.http import HttpStream
from airbyte_cdk.sources.streams.http.error_handlers import BackoffStrategy, ErrorHandler
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from airbyte_cdk.sources.streams.http.pagination_reset_exception import PaginationResetRequiredException
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.decoding import Repaired
from source_hotmart.api.error_handler import HTTP_LOGGER, AnswerHandler, page_of
from source_hotmart.api.errors import BadRow, HotmartError, QueryRefused
from source_hotmart.api.pages import DEFAULT_LIMITS, Envelope, Limits, Page
from source_hotmart.api.rate_limit import CallBudget, PriorityBudget
from source_hotmart.api.renewal import TokenRenewal
from source_hotmart.api.retries import DEFAULT_RETRIES, QuotaBackoff, RetryPolicy, out_of_tries
from source_hotmart.api.transport import Connections
from source_hotmart.config.form import Config
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.records.columns import COLUMNS, FieldLog, put
from source_hotmart.records.conversion import Row, RowConverter
from source_hotmart.records.personal_data import compile_hiding, hide_of, without_marks
from source_hotmart.streams.default_filters import DefaultFilters
from source_hotmart.streams.parents import ParentLists
from source_hotmart.streams.sales_facts import SalesFacts
from source_hotmart.streams.updated_charges import UpdatedCharges
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.report import SyncReport

WITHOUT_KEY = "without a primary key"
GUESSED_KEY = "with invalid bytes in the primary key"

PROBLEMS_NAMED = 3
"""So many problems of a stream are named in its failure."""


@dataclass(frozen=True)
class Api:
    """What all streams of one sync share: credentials, quota, and one `now`."""

    config: Config
    authenticator: HotmartAuthenticator
    now_ms: int
    """The start of the sync; nothing later than this is read or claimed."""
    budget: APIBudget = field(default_factory=CallBudget)
    retries: RetryPolicy = DEFAULT_RETRIES
    limits: Limits = DEFAULT_LIMITS
    connections: Connections = field(default_factory=Connections)
    report: SyncReport = field(default_factory=SyncReport)
    progress: Progress = field(default_factory=Progress)
    parents: ParentLists = field(default_factory=ParentLists)
    sales: SalesFacts = field(default_factory=SalesFacts)
    default_filters: DefaultFilters = field(default_factory=DefaultFilters)
    updated_charges: UpdatedCharges = field(default_factory=UpdatedCharges)
    field_logs: dict[str, FieldLog] = field(default_factory=dict)
    """By name of the stream: some lists are read for several streams."""


@cache
def declared_schema(stream_name: str) -> Mapping[str, Any]:
    """Return the schema of a stream: its file, and the columns that every stream has."""
    schema = ResourceSchemaLoader("source_hotmart").get_schema(stream_name)
    return {**schema, "properties": {**schema["properties"], **COLUMNS}}


@cache
def _shown_schema(stream_name: str, cost: str) -> Mapping[str, Any]:
    shown: dict[str, Any] = without_marks(declared_schema(stream_name))
    return {**shown, "description": f"{shown['description']} Calls: {cost}."}


class HotmartStream(HttpStream, ABC):
    """A stream whose class body is a table: endpoint, key, and what is lifted to the top of a record."""

    endpoint: ClassVar[str]
    """Its path, with `{field}` where a value of the query belongs."""
    calls: ClassVar[str]
    """What reading it costs, for the documentation and for `discover`: "one call for 100 products"."""
    page_size: int | None = 500
    """`max_results`, which Hotmart cuts down silently to the endpoint's own maximum; `None`: it has no pages."""
    envelope: ClassVar[Envelope] = Envelope()
    splittable: ClassVar[bool] = False
    """Whether a query that is too heavy can be narrowed by date; else it is repeated."""
    pages_sequentially: ClassVar[bool] = True
    """Whether its calls follow one another, page by page: such a stream starts first, and its calls go first."""
    needs_members_area: ClassVar[bool] = False
    """Whether the stream exists only when the settings name a members area."""
    promoted_fields: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(field, path): copies of nested values at the top of the record, such as `("id", "purchase.transaction")`."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.progress = api.progress
        """Of the sync; another one where the stream is only read for what is found by it, and not told of."""
        self.incomplete_lists: set[str] = set()
        """The members areas of whose lists rows may be missing. An empty name stands for the list of the account."""
        self.refused_state: AirbyteTracedException | None = None
        """Why the saved state cannot be used. Then nothing is read."""
        budget = (
            PriorityBudget(api.budget) if self.pages_sequentially and isinstance(api.budget, CallBudget) else api.budget
        )
        super().__init__()
        # In place of the client of `HttpStream`, which takes no session.
        self._http_client = HttpClient(
            name=self.name,
            logger=self.logger,
            error_handler=self.get_error_handler(),
            session=api.connections.restrict_to("GET", self.url_base, api.limits.total_s, budget),
            authenticator=api.authenticator,
            backoff_strategy=self.get_backoff_strategy(),
        )
        self._renewal = TokenRenewal(self.name, api.authenticator, api.retries)
        self._path_fields = frozenset(name for _, name, _, _ in Formatter().parse(self.endpoint) if name)
        self._promoted_paths = tuple((name, tuple(path.split("."))) for name, path in self.promoted_fields)
        keys = [self.primary_key] if isinstance(self.primary_key, str) else list(self.primary_key or [])
        self._key_fields = tuple(str(key) for key in keys)

    def register(self) -> None:
        """Override to announce, before anything is read, that this stream is going to be read."""

    @property
    def url_base(self) -> str:
        return f"{self.api.config.api_url}/"

    @property
    def logger(self) -> logging.Logger:
        """For the CDK's HTTP client, which prints headers and bodies at DEBUG."""
        return HTTP_LOGGER

    @property
    def report(self) -> SyncReport:
        """Where windows that are read are counted."""
        return self.api.report

    def get_error_handler(self) -> ErrorHandler:
        return AnswerHandler(
            self.name,
            self.envelope,
            self.api.retries,
            self.api.limits,
            splittable=self.splittable,
            page_size=self.page_size,
        )

    def get_backoff_strategy(self) -> BackoffStrategy:
        return QuotaBackoff()

    def path(
        self,
        *,
        stream_state: Mapping[str, Any] | None = None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> str:
        return self.endpoint.format_map(
            {name: quote(str(value), safe="") for name, value in (stream_slice or {}).items()}
        )

    def request_params(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The query, which must stay the same on every page: Hotmart's page tokens count rows of that query."""
        size = {} if self.page_size is None else {"max_results": self.page_size}
        query = {name: value for name, value in (stream_slice or {}).items() if name not in self._path_fields}
        return {**size, **query, **(next_page_token or {})}

    def request_kwargs(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """Return time-outs, and stream the body. Redirects are not followed: they lead to Hotmart's documentation."""
        limits = self.api.limits
        return {"timeout": (limits.connect_s, limits.read_s), "allow_redirects": False, "stream": True}

    def next_page_token(self, response: requests.Response) -> Mapping[str, Any] | None:
        token = page_of(response).next_token
        return {"page_token": token} if token else None

    def parse_response(
        self,
        response: requests.Response,
        *,
        stream_state: Mapping[str, Any],
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterable[Mapping[str, Any]]:
        return (self.record(row)[1] for row in page_of(response).rows)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """One page of a query.

        Raises `HotmartError` with a sentence for the user, or the CDK's `RequestWindowSplitRequiredException` and
        `PaginationResetRequiredException` (only with a page token) for the reader to act upon.
        """
        token = {"page_token": page_token} if page_token else None
        try:
            call = partial(self._fetch_next_page, stream_slice=query, next_page_token=token)
            _, response = self._renewal.send(call)
        except (HotmartError, RequestWindowSplitRequiredException):
            raise
        except PaginationResetRequiredException:
            if page_token is None:  # there was none that could be stale
                raise QueryRefused(f"{self.name}: Hotmart refused the query (400 invalid_token).") from None
            raise
        except AirbyteTracedException as exhausted:
            raise out_of_tries(exhausted, self.api.retries) from None
        return page_of(response)

    def get_json_schema(self) -> Mapping[str, Any]:  # type: ignore[override] # a cached method, as explained
        """Return the schema that `discover` shows: without our marks, and with the cost in its description.

        The CDK's own method keeps every stream of a process, with its connections, in a cache.
        """
        return _shown_schema(self.name, self.calls)

    @cached_property
    def _convert(self) -> Callable[[Row], Row]:
        """Values as declared; then, where the settings say so, without personal data."""
        schema, hide_value = declared_schema(self.name), hide_of(self.api.config.personal_data)
        log = self.api.field_logs.setdefault(self.name, FieldLog(self.name))
        convert = RowConverter(schema, log, hide_value)
        hide = compile_hiding(schema, hide_value)
        return (lambda row: hide(convert(row))) if hide else convert

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """Return the primary key and the record of a row as Hotmart sent it. Raises `BadRow`."""
        if not isinstance(row, dict):
            raise BadRow(self.name, WITHOUT_KEY)
        try:
            for name, path in self._promoted_paths:
                value: Any = row
                for step in path:
                    value = value.get(step) if type(value) is dict else None
                if name in row:
                    put(row, name, value)
                row[name] = value
            self.transform_row(row)
            record = self._convert(row)
        except Exception as fault:  # one of our own, and no reason to lose the other rows
            raise BadRow(self.name, f"that could not be converted ({_place_of(fault)})") from None
        key = tuple([record.get(name) for name in self._key_fields])
        for part in key:
            if type(part) is not int and (not part or type(part) is not str):
                raise BadRow(self.name, GUESSED_KEY if type(part) is Repaired else WITHOUT_KEY)
        return key, record

    def transform_row(self, row: Record) -> None:
        """Override to add fields to a row, before its values are converted."""

    def read_records(
        self,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_slice: Mapping[str, Any] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterator[Record]:
        """Return the rows of one slice, which also go to the child streams."""
        each = stream_slice or {}
        return self.api.parents.tee(self, each, self.read_slice(each))

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[StreamSlice]:
        """Yield what is read side by side. Raises a config_error when the saved state cannot be used."""
        if self.refused_state:
            raise self.refused_state
        yield from self.slices()

    def slices(self) -> Iterable[StreamSlice]:
        """Override where a stream is read in several slices."""
        yield StreamSlice(partition={}, cursor_slice={})

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Yield every row of a slice once, here of the whole list. Raises `HotmartError` after the last good row."""
        yield from ListReader(self).read_list({}, "the whole list")

    def verdict(self, problems: Sequence[AirbyteTracedException]) -> AirbyteTracedException | None:
        """Return the one failure of the stream, given the problems of its slices."""
        sentences = list(dict.fromkeys(str(problem.message) for problem in problems))
        if len(sentences) <= 1:
            return problems[0] if problems else None
        first = "\n".join(sentences[:PROBLEMS_NAMED])
        more = f"\n{len(sentences) - PROBLEMS_NAMED} more failures." if len(sentences) > PROBLEMS_NAMED else ""
        failure_type = problems[0].failure_type
        return HotmartError(f"{self.name}: {len(problems)} parts could not be read.\n{first}{more}", failure_type)


def _place_of(fault: Exception) -> str:
    """Return the kind and the place of an exception, without its text, which may quote a value."""
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {frame.name}, line {frame.lineno}"

"""Base class of all streams: fetch a page, make records of its rows, read a slice."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from string import Formatter
from typing import Any, ClassVar
from urllib.parse import quote

import requests
from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.http import HttpStream
from airbyte_cdk.sources.streams.http.error_handlers import BackoffStrategy, ErrorHandler
from airbyte_cdk.sources.streams.http.http_client import HttpClient
from airbyte_cdk.sources.streams.http.pagination_reset_exception import PaginationResetRequiredException
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.authenticator import TokenRenewal
from source_hotmart.api.error_handler import HTTP_LOGGER, HotmartErrorHandler, page_of
from source_hotmart.api.errors import HotmartError, QueryRefused, TooHeavy
from source_hotmart.api.pages import Envelope, Page
from source_hotmart.api.rate_limit import CallBudget, Line, LineBudget
from source_hotmart.api.retries import QuotaBackoff, out_of_tries
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.records.columns import FieldLog
from source_hotmart.records.rows import RecordMaker, shown_schema
from source_hotmart.state.cursors import SliceCursor, StreamState
from source_hotmart.state.windows import iso
from source_hotmart.streams.api import Api

PROBLEMS_NAMED = 3
"""Maximum number of problems to name in the failure of a stream."""


class HotmartStream(HttpStream, ABC):
    """A stream. Its class attributes set the endpoint, the primary key, and nested values to copy to the top."""

    endpoint: ClassVar[str]
    """Path of the endpoint, with `{field}` as a placeholder for a value of the query."""
    cost_note: ClassVar[str]
    """Number of requests, for the documentation and for `discover`, such as "one for 100 products"."""
    page_size: int | None = 500
    """`max_results`, which Hotmart silently limits to the endpoint's own maximum. `None`: the endpoint has no pages."""
    envelope: ClassVar[Envelope] = Envelope()
    splittable: ClassVar[bool] = False
    """Whether a query that is too heavy can be narrowed by date. Other queries are retried."""
    line: ClassVar[Line] = Line.SEQUENTIAL
    """The line of its requests for the rate limit. Streams start in the order of their lines."""
    needs_members_area: ClassVar[bool] = False
    """Whether the stream exists only if the settings name a members area."""
    context_fields: Sequence[str] = ()
    """Fields of a query to add to each of its rows. They are not sent, except in the path."""
    parameters: ClassVar[tuple[str, ...]] = ()
    """Those of the context fields that are also sent as parameters."""
    internal_fields: ClassVar[tuple[str, ...]] = ()
    """Other fields of a query that are not sent."""
    promoted_fields: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(field, path): nested values to copy to the top of the record, such as `("id", "purchase.transaction")`."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.progress = api.progress
        """Progress of this sync, or a silent tracker when the stream is read only as a parent."""
        self.report = api.report
        """Counts the lists of this stream."""
        self.incomplete_lists: set[str] = set()
        """Members areas whose lists may lack rows. An empty name means the list of the account."""
        self.stream_state: StreamState | None = None
        """What has been read. `None` for a stream that is always read in full."""
        self.refused_state: AirbyteTracedException | None = None
        """Why the saved state cannot be used. If set, nothing is read."""
        budget = LineBudget(api.budget, self.line) if isinstance(api.budget, CallBudget) else api.budget
        super().__init__()
        # Replaces the client of `HttpStream`, which accepts no session.
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
        self._unsent = self._path_fields | set(self.context_fields) - set(self.parameters) | set(self.internal_fields)
        keys = [self.primary_key] if isinstance(self.primary_key, str) else list(self.primary_key or [])
        self._key_fields = tuple(str(key) for key in keys)

    def register(self) -> None:
        """Override to register, before anything is read, that this stream is going to be read."""

    @property
    def url_base(self) -> str:
        return f"{self.api.config.api_url}/"

    @property
    def logger(self) -> logging.Logger:
        """The logger for the CDK's HTTP client, which logs headers and bodies at DEBUG."""
        return HTTP_LOGGER

    def get_error_handler(self) -> ErrorHandler:
        return HotmartErrorHandler(
            self.name,
            self.envelope,
            self.api.retries,
            self.api.limits,
            splittable=self.splittable,
            page_size=self.page_size,
        )

    def get_backoff_strategy(self) -> BackoffStrategy:
        return QuotaBackoff()

    def path(self, *, stream_slice: Mapping[str, Any] | None = None, **_: Any) -> str:
        return self.endpoint.format_map(
            {name: quote(str(value), safe="") for name, value in (stream_slice or {}).items()}
        )

    def request_params(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the query, the same for every page, because Hotmart's page tokens count rows of that query."""
        size = {} if self.page_size is None else {"max_results": self.page_size}
        query = {name: value for name, value in (stream_slice or {}).items() if name not in self._unsent}
        return {**size, **query, **(next_page_token or {})}

    def request_kwargs(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """Return timeouts and a streamed body, without redirects, which lead to Hotmart's documentation."""
        limits = self.api.limits
        return {"timeout": (limits.connect_s, limits.read_s), "allow_redirects": False, "stream": True}

    def next_page_token(self, response: requests.Response) -> Mapping[str, Any] | None:
        token = page_of(response).next_token
        return {"page_token": token} if token else None

    def parse_response(self, response: requests.Response, **_: Any) -> Iterable[Mapping[str, Any]]:
        return (self.record(row)[1] for row in page_of(response).rows)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return one page of a query.

        Raise `HotmartError` with a message for the user, or `TooHeavy` and `PaginationResetRequiredException` (only
        with a page token) for the reader to handle.
        """
        token = {"page_token": page_token} if page_token else None
        try:
            call = partial(self._fetch_next_page, stream_slice=query, next_page_token=token)
            _, response = self._renewal.send(call)
        except (HotmartError, TooHeavy):
            raise
        except PaginationResetRequiredException:
            if page_token is None:  # there was no token that could be stale
                raise QueryRefused(f"{self.name}: Hotmart rejected the query (400 invalid_token).") from None
            raise
        except AirbyteTracedException as exhausted:
            raise out_of_tries(exhausted, self.api.retries) from None
        return page_of(response)

    def get_json_schema(self) -> Mapping[str, Any]:  # type: ignore[override] # a cached method, as explained
        """Return the schema that `discover` shows: without internal marks, and with the cost in its description.

        The CDK's own method caches every stream of a process, with its connections.
        """
        return shown_schema(self.name, self.cost_note)

    @property
    def synced_until(self) -> str:
        """The cursor of rows without a date. It grows from sync to sync, even if a clock was set back."""
        return iso(max(self.api.now_ms, self.stream_state.latest_ms if self.stream_state else 0))

    def context(self, query: Query) -> Record:
        """Return the fields to add to each row of a query."""
        return {name: query[name] for name in self.context_fields}

    @cached_property
    def record(self) -> RecordMaker:
        """Makes the primary key and the record of a row from Hotmart."""
        return RecordMaker(
            self.name,
            self._key_fields,
            self.promoted_fields,
            {"synced_until": self.synced_until} if self.cursor_field == "synced_until" else {},
            self.transform_row,
            self.api.config.personal_data,
            self.api.field_logs.setdefault(self.name, FieldLog(self.name)),
        )

    def transform_row(self, row: Record) -> None:
        """Override to add fields to a row before its values are converted."""

    def read_records(
        self,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_slice: Mapping[str, Any] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterator[Record]:
        """Return the rows of one slice, and pass them on to the child streams as well."""
        each = stream_slice or {}
        return self.api.parents.tee(self, each, self.read_slice(each))

    def stream_slices(self, **_: Any) -> Iterable[StreamSlice]:
        """Yield the slices to read in parallel. Raise a config_error if the saved state cannot be used."""
        if self.refused_state:
            raise self.refused_state
        yield from self.slices()

    def resume(self, state: Mapping[str, Any], repository: MessageRepository) -> SliceCursor:
        """Resume from a saved state, and return the cursor for the next states. Raise `UnreadableState` if invalid."""
        if self.stream_state:
            self.stream_state.load(state)
        return SliceCursor(self.name, repository, self.verdict, self.stream_state)

    def slices(self) -> Iterable[StreamSlice]:
        """Override to read a stream in several slices."""
        yield StreamSlice(partition={}, cursor_slice={})

    def read_slice(self, stream_slice: Any) -> Iterator[Record]:
        """Yield every row of a slice once, by default of the whole list. Raise `HotmartError` after the last row."""
        yield from ListReader(self).read_list({}, "the whole list")

    def verdict(self, problems: Sequence[AirbyteTracedException]) -> AirbyteTracedException | None:
        """Return one failure for the stream, given the problems of its slices."""
        sentences = list(dict.fromkeys(str(problem.message) for problem in problems))
        if len(sentences) <= 1:
            return problems[0] if problems else None
        first = "\n".join(sentences[:PROBLEMS_NAMED])
        more = f"\n{len(sentences) - PROBLEMS_NAMED} more failures." if len(sentences) > PROBLEMS_NAMED else ""
        sentence = f"{self.name}: {len(problems)} parts could not be read.\n{first}{more}"
        return HotmartError(sentence, problems[0].failure_type)

"""Streams that read one list per row of a parent stream, with at least one request per parent."""

from __future__ import annotations

import logging
import time
from abc import ABC
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import HotmartError
from source_hotmart.api.messages import named
from source_hotmart.api.pages import NO_ROWS, Page
from source_hotmart.api.rate_limit import Line
from source_hotmart.reading.lists import RETRY_AFTER_S, ListReader, noting
from source_hotmart.reading.passes import KeyDeduplicator, Query, Record
from source_hotmart.records.personal_data import hide_of
from source_hotmart.state.parents import ParentStates
from source_hotmart.state.slices import ParentKey, ParentsSlice
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.outcomes import HIDDEN_ID, BadRows, ParentOutcomes
from source_hotmart.streams.parents import ParentSelector

LOGGER = logging.getLogger("airbyte.hotmart")

MAX_PARENTS_PER_SLICE = 25
"""Maximum parents per slice, read sequentially. A killed sync reads those of unfinished slices again."""
SLICES_PER_WORKER = 4

Reading = Generator[Record, None, bool]
"""The rows of one parent. The generator returns whether they are complete."""


class NothingThere(Exception):
    """Hotmart has no rows for a parent. `answer` is the response that says so."""

    def __init__(self, answer: HotmartError) -> None:
        super().__init__(str(answer))
        self.answer = answer


class ChildStream(HotmartStream, ABC):
    """One list per row of another stream, read in full in each sync."""

    parent: ClassVar[type[HotmartStream]]
    parent_label: ClassVar[str]
    """The user's word for a row of the parent stream, such as "product"."""
    parent_is_person: ClassVar[bool] = False
    """Whether the parent's id identifies a person. Messages then show it only if personal data is kept."""
    parent_fields: ClassVar[tuple[tuple[str, str], ...]]
    """(field, field of the parent): values for the path, the query and each row. The parent's id is first."""
    may_have_none: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    """Values of the parent's fields. If a field has one of them, a rejection means that the parent has no such list."""
    empty_on: ClassVar[tuple[int, str] | None] = None
    """Status and error code (empty: any) that mean that a parent has no such list. An empty body means the same."""
    doubts_empty: ClassVar[bool] = False
    """Whether such a response can also mean a fault. It is not trusted if all parents have it."""
    key_spans_parents: ClassVar[bool] = False
    """Whether two parents can have rows with the same primary key."""
    requests_per_parent: ClassVar[int] = 1
    scope_field: ClassVar[str] = ""
    """The field that distinguishes the scopes of a state, such as members areas. Empty: there is only one scope."""
    line = Line.PER_PARENT
    internal_fields: ClassVar[tuple[str, ...]] = ("parent",)

    def __init__(self, api: Api) -> None:
        self.context_fields = [name for name, _ in self.parent_fields]
        super().__init__(api)
        if self.page_size is None:
            self._unsent |= {"max_results"}
        self.outcomes = ParentOutcomes(self.name, f"{self.parent_label}s", doubts_empty=self.doubts_empty)
        self.stream_state = self.states = ParentStates(
            cursor_field=str(self.cursor_field),
            scope_field=self.scope_field,
            start_ms=api.config.start_ms,
            now_ms=api.now_ms,
            trusts_empty=lambda: self.outcomes.trusts_empty,
        )
        self._selector = ParentSelector(self.parent, self.select)
        self._deduplicator = KeyDeduplicator(self._key_fields)
        self._hide_person = hide_of(api.config.personal_data)

    def register(self) -> None:
        self.api.parents.register_child(self._selector)
        self.report.at_end(self.outcomes.log_summary)

    def verdict(self, problems: Sequence[AirbyteTracedException]) -> AirbyteTracedException | None:
        return self.outcomes.verdict(problems)

    def select(self, row: Record) -> ParentKey:
        """Return what to keep of a row of the parent."""
        values = tuple(row.get(of_parent) for _, of_parent in self.parent_fields)
        may_have_none = any(row.get(name) in found for name, found in self.may_have_none.items())
        return ParentKey(str(values[0]), values, may_have_none)

    def slices(self) -> Iterable[StreamSlice]:
        is_complete = True
        for subdomain in self.api.config.members_area_subdomain if self.parent.needs_members_area else ("",):
            try:
                parents = self.api.parents.take(self._selector, subdomain)
            except AirbyteTracedException as problem:
                self.outcomes.list_failed(self._without_parents(subdomain, problem))
                is_complete = False
            else:
                yield from self.plan(subdomain, parents)
        self.states.is_planned = is_complete
        self.outcomes.is_planned = True

    def plan(self, subdomain: str, parents: list[ParentKey]) -> Iterator[StreamSlice]:
        """Yield the slices of one list of parents."""
        has_worked_before = bool(self.states.saved)
        self.outcomes.list_read(listed=len(parents), to_read=len(parents), has_worked_before=has_worked_before)
        yield from self.groups(subdomain, parents)

    def groups(self, subdomain: str, parents: list[ParentKey]) -> Iterator[StreamSlice]:
        """Yield the parents in groups to read in parallel, in small groups if there are few parents."""
        self._log_estimate(subdomain, len(parents))
        size = len(parents) // (SLICES_PER_WORKER * self.api.config.num_workers)
        size = min(max(1, size), MAX_PARENTS_PER_SLICE)
        for start in range(0, len(parents), size):
            yield ParentsSlice(subdomain, parents[start : start + size])

    def read_slice(self, stream_slice: ParentsSlice) -> Iterator[Record]:
        """Yield the rows of a group of parents, and record the outcome of each parent.

        Parents whose empty response may be temporary are read again after the others.
        """
        reader = ListReader(self)
        doubted = yield from self._read_parents(stream_slice, stream_slice.parents, reader, is_last_try=False)
        if doubted:
            time.sleep(RETRY_AFTER_S)
            yield from self._read_parents(stream_slice, doubted, reader, is_last_try=True)

    def _read_parents(
        self, stream_slice: ParentsSlice, parents: Sequence[ParentKey], reader: ListReader, *, is_last_try: bool
    ) -> Generator[Record, None, list[ParentKey]]:
        """Yield the rows of these parents. Return those to read again, none on the last try."""
        progress = self.states.progress.get(stream_slice.scope)
        doubted: list[ParentKey] = []
        for parent in parents:
            if self.outcomes.stopped:
                break
            if not is_last_try:
                self.progress.parent_read(self.name)
            query = self.query_of(parent)
            try:
                is_complete = yield from self.read_parent(query, reader)
            except NothingThere as nothing:
                if not is_last_try and self._may_be_temporary(nothing.answer, parent):
                    doubted.append(parent)
                    continue
                is_expected = parent.may_have_none
                self.outcomes.is_empty(self.label(query), nothing.answer, is_expected=is_expected)
                # The parent may get a list later.
                (stream_slice.failed if is_expected else stream_slice.empty).append(parent.id)
            except HotmartError as problem:
                again = progress is not None and parent.id in progress.opened_before
                self.outcomes.was_not_read(self.label(query), problem, again=again)
                stream_slice.failed.append(parent.id)
            else:
                self.outcomes.was_read()
                (stream_slice.read if is_complete else stream_slice.failed).append(parent.id)
        return doubted

    def _may_be_temporary(self, answer: HotmartError, parent: ParentKey) -> bool:
        """Whether a 400, which Hotmart sends for valid requests now and then, or an empty body may be wrong."""
        is_doubted = self.doubts_empty and not parent.may_have_none
        return answer.status == 400 or (is_doubted and not answer.status)

    def read_parent(self, query: Query, reader: ListReader) -> Reading:
        """Yield all rows of one parent. Raise `HotmartError` for this parent only, or `NothingThere`."""
        missing = [name for name in self.context_fields if name in self._path_fields and not query.get(name)]
        if missing:
            raise HotmartError(
                f"{self.name}: Hotmart sent a {self.parent_label} without its {' and '.join(missing)}, so its rows "
                "cannot be requested.",
                FailureType.system_error,
            )
        label = f"{self.parent_label} {self.label(query) or HIDDEN_ID}"
        rows = reader.read(query, label)
        result = yield from noting(rows, self._deduplicator.is_new) if self.key_spans_parents else rows
        if result.bad_rows:
            raise BadRows(str(reader.bad_rows(result.bad_rows, label)), FailureType.system_error)
        return result.is_complete

    def query_of(self, parent: ParentKey) -> dict[str, Any]:
        """Return the query of a parent, with the values for its path and its rows."""
        return {**dict(zip(self.context_fields, parent.values, strict=True)), "parent": parent}

    def label(self, query: Query) -> str:
        """Return the name of a parent for messages, made of its ids.

        The id of a person is hashed or dropped like personal data. If it is dropped, the name is empty.
        """
        names = [name for name in self.context_fields if name == "subdomain" or name in self._path_fields]
        if not query[names[0]] and not self.parent_is_person:  # another id helps to find the parent
            names = [name for name in self.context_fields if query[name]] or names
        ids = [named(query[name]) for name in names]
        if self.parent_is_person and self._hide_person:
            hidden = self._hide_person(query[names[0]])  # the parent's id is first
            if hidden is None:
                return ""
            ids[0] = hidden
        return "/".join(ids)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return a page of one parent. Raise `NothingThere` if Hotmart has no list for it."""
        try:
            page = super().fetch(query, page_token)
        except HotmartError as problem:
            if page_token or not self._means_nothing(problem, is_expected=query["parent"].may_have_none):
                raise
            raise NothingThere(problem) from None
        if page is NO_ROWS:
            sentence = f"Hotmart sent an empty body, as for a {self.parent_label} without rows or a removed address."
            raise NothingThere(HotmartError(f"{self.name}: {sentence}", FailureType.system_error))
        return page

    def _means_nothing(self, answer: HotmartError, *, is_expected: bool) -> bool:
        if is_expected:
            return 400 <= answer.status < 500 and answer.status != 401
        return self.empty_on in ((answer.status, answer.code), (answer.status, ""))

    def _log_estimate(self, subdomain: str, parents: int) -> None:
        label, limit = f"{self.parent_label}s", self.progress.requests_per_minute
        self.progress.parents_planned(self.name, label, parents, self.requests_per_parent)
        requests = parents * self.requests_per_parent
        of_area = f"members area {subdomain}: " if subdomain else ""
        duration = f"{requests / limit:.0f} minutes" if requests >= 2 * limit else "less than two minutes"
        sentence = "%s: %s%d %s to read, about %d requests: %s at Hotmart's %d requests per minute."
        LOGGER.info(sentence, self.name, of_area, parents, label, requests, duration, limit)

    def _without_parents(self, subdomain: str, problem: AirbyteTracedException) -> HotmartError:
        of_area = f" of members area {subdomain}" if subdomain else ""
        return HotmartError(
            f"{self.name}: The list of {self.parent_label}s{of_area} could not be read, so their rows cannot be "
            f"requested. {problem}",
            problem.failure_type or FailureType.system_error,
        )

"""Read each list of a members area (Hotmart Club) once for every one that the settings name."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import UnknownMembersArea
from source_hotmart.api.pages import Page
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.streams.base import HotmartStream


class MembersAreaStream(HotmartStream, ABC):
    """A list of one members area, read for each that the settings name."""

    needs_members_area = True
    context_fields = parameters = ("subdomain",)
    variants: ClassVar[tuple[Mapping[str, str], ...]] = ({},)
    """Queries that each bring a part of the list."""

    def slices(self) -> Iterable[StreamSlice]:
        """Yield a slice per members area."""
        for subdomain in self.api.config.members_area_subdomain:
            yield StreamSlice(partition={"subdomain": subdomain}, cursor_slice={})

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return one page. Raises `UnknownMembersArea` with the name of the members area."""
        try:
            return super().fetch(query, page_token)
        except UnknownMembersArea:
            raise UnknownMembersArea(
                f"{self.name}: Hotmart knows no members area {query['subdomain']!r}. Check members_area_subdomain: "
                "it is NAME in hotmart.com/club/NAME.",
                FailureType.config_error,
            ) from None

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the whole list of one members area, every key once."""
        subdomain = stream_slice["subdomain"]
        reader = ListReader(self)
        bad_rows = 0
        for variant in self.variants:
            label = ", ".join([f"members area {subdomain}", *(f"{name} {value}" for name, value in variant.items())])
            bad_rows += (yield from reader.read({"subdomain": subdomain, **variant}, label)).bad_rows
        if bad_rows:
            raise reader.bad_rows(bad_rows, f"members area {subdomain}")

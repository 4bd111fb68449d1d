"""Members areas (Hotmart Club): students, modules, pages and the progress by lesson."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import UnknownMembersArea
from source_hotmart.api.pages import Envelope, Page
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.records.columns import copy_where_missing, put
from source_hotmart.state.lookback import VISITS_OVERLAP_DAYS
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.changed_parents import ChangedParentsStream
from source_hotmart.streams.module_pages import ModuleStream
from source_hotmart.streams.products import Products


class MembersAreaStream(HotmartStream, ABC):
    """A list of a members area, read for each members area in the settings."""

    needs_members_area = True
    context_fields = parameters = ("subdomain",)
    variants: ClassVar[tuple[Mapping[str, str], ...]] = ({},)
    """Queries that each return a part of the list."""

    def slices(self) -> Iterable[StreamSlice]:
        """Yield a slice per members area."""
        for subdomain in self.api.config.members_area_subdomain:
            yield StreamSlice(partition={"subdomain": subdomain}, cursor_slice={})

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return one page. Raise `UnknownMembersArea` with the name of the members area."""
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


class ClubStudents(MembersAreaStream):
    """The students of a members area. https://developers.hotmart.com/docs/en/v1/club/get-users/"""

    endpoint = "club/api/v1/users"
    cost_note = "one per 50 students of each members area"
    primary_key = ["subdomain", "user_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 50
    envelope = Envelope(empty_object_is_none=True)

    def transform_row(self, row: Record) -> None:
        """Set whether a student has Plus access, and keep Hotmart's word for it in another column."""
        word = row.get("plus_access")
        if isinstance(word, str) and word.lower() not in ("", "true", "false"):
            put(row, "plus_access_type", word)
            row["plus_access"] = word != "WITHOUT_PLUS_ACCESS"


class ClubModules(MembersAreaStream):
    """The modules of a members area, extra ones included. https://developers.hotmart.com/docs/en/ > Members area

    Hotmart does not document the default of `is_extra`, so both values are requested.
    """

    endpoint = "club/api/v1/modules"
    cost_note = "two per members area"
    primary_key = ["subdomain", "module_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = Envelope(rows="")
    variants = ({"is_extra": "false"}, {"is_extra": "true"})


class ClubPages(ModuleStream):
    """The pages of the modules. https://developers.hotmart.com/docs/en/ > Members area > Get pages

    Version 2 of the endpoint requires a product, but no list names it. Version 1 only requires the members area.
    """

    endpoint = "club/api/v1/modules/{module_id}/pages"
    cost_note = "one per module, and up to 20 more if Hotmart requires a product"
    primary_key = ["module_id", "page_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    parent = ClubModules
    needs_members_area = True
    products = Products
    parent_label = "module"
    parent_fields = (("module_id", "module_id"), ("subdomain", "subdomain"))
    parameters = ("subdomain",)
    key_spans_parents = True

    def transform_row(self, row: Record) -> None:
        """Unite both spellings of whether a page is published in one column."""
        copy_where_missing(row, "is_published", "published")


class ClubLessons(ChangedParentsStream):
    """The progress of each student by lesson. https://developers.hotmart.com/docs/en/ > Members area

    It is read for students who are new or have entered the members area since the last sync.
    """

    endpoint = "club/api/v1/users/{user_id}/lessons"
    cost_note = "one per student, in later syncs only for those who are new or visited the members area"
    primary_key = ["subdomain", "user_id", "page_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = Envelope(rows="lessons", has_page_info=False)
    parent = ClubStudents
    needs_members_area = True
    parent_label = "student"
    parent_is_person = True
    parent_fields = (("user_id", "user_id"), ("subdomain", "subdomain"))
    may_have_none = {"role": ("OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR")}  # noqa: RUF012 - a constant
    parameters = ("subdomain",)
    changed_fields = ("last_access_date", "purchase_date", "first_access_date")
    scope_field = "subdomain"
    overlap_days = VISITS_OVERLAP_DAYS

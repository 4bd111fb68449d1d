"""Follow the page tokens of a list, and detect loops."""

from __future__ import annotations

from airbyte_cdk.models import FailureType

from source_hotmart.api.errors import HotmartError

MAX_PAGES_WITHOUT_NEWS = 20
"""Maximum number of successive pages with a next token but without a new primary key. More are an endless loop.

Rows that shift between pages while a list is read can fill a page or two with rows that were read before.
"""


class EndlessPages(HotmartError):
    """The page tokens of a list form a loop."""


class PageTokens:
    """The page tokens of one pass over a list."""

    def __init__(self, stream_name: str) -> None:
        self._stream_name = stream_name
        self._seen: set[int] = set()
        self._without_news = 0
        self._is_at_start = True
        self.token: str | None = None
        """The token of the next page, `None` for the first one."""

    def page_read(self, next_token: str | None, *, has_news: bool) -> None:
        """Record the next token of a page, and whether the page had new keys."""
        self._is_at_start, self.token = False, next_token
        self._without_news = 0 if has_news else self._without_news + 1

    def has_next(self) -> bool:
        """Return whether there is another page. Raise `EndlessPages` if the tokens form a loop."""
        if self.token is None:
            return self._is_at_start
        if hash(self.token) in self._seen or self._without_news >= MAX_PAGES_WITHOUT_NEWS:
            raise EndlessPages(
                f"{self._stream_name}: Hotmart's list of pages has no end (a page token was repeated, or "
                f"{MAX_PAGES_WITHOUT_NEWS} pages in a row had no new primary key). The next sync tries again.",
                FailureType.system_error,
            )
        self._seen.add(hash(self.token))
        return True

"""Follow the page tokens of a list, which may lead in a circle."""

from __future__ import annotations

from airbyte_cdk.models import FailureType

from source_hotmart.api.errors import HotmartError

MAX_PAGES_WITHOUT_NEWS = 20
"""So many pages in succession without a new primary key, each with a token of a next one, are an endless loop.

Rows that shift from page to page while a list is read can fill a page or two with rows that were read before.
"""


class EndlessPages(HotmartError):
    """The page tokens of a list lead in a circle."""


class PageTokens:
    """The page tokens of one pass over a list."""

    def __init__(self, stream_name: str) -> None:
        self._stream_name = stream_name
        self._seen: set[int] = set()
        self._without_news = 0
        self._is_at_start = True
        self.token: str | None = None
        """That of the next page, `None` for the first one."""

    def page_read(self, next_token: str | None, *, has_news: bool) -> None:
        """Note the token on a page, and whether the page had new keys."""
        self._is_at_start, self.token = False, next_token
        self._without_news = 0 if has_news else self._without_news + 1

    def has_next(self) -> bool:
        """Whether there is another page. Raises `EndlessPages` where the tokens lead in a circle."""
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

"""Limit how many pages are decoded at the same time, because all threads together would need a lot of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, local
from typing import Final

MOST_PAGES: Final = 4
"""A page of 500 sales has 0.5 MiB as it arrives, and 2 MiB as rows. Only one thread at a time can convert rows."""
LONGEST_WAIT_S: Final = 20.0
"""Seconds after which a page is decoded without a slot, so that slots can never stop a sync."""


class _Thread(local):
    """What a thread has or needs."""

    has_slot = False
    needs_slot = False


class PageSlots:
    """Slots for threads that read lists. Other requests need none, because their pages are small and soon dropped."""

    def __init__(self, slots: int = MOST_PAGES) -> None:
        self._free = BoundedSemaphore(slots)
        self._thread = _Thread()

    @contextmanager
    def reading_page(self) -> Iterator[None]:
        """Take a slot when the page is decoded, and free it after its last row was passed on."""
        self._thread.needs_slot = not self._thread.has_slot
        try:
            yield
        finally:
            self._thread.needs_slot = False
            self._free_slot()

    def take(self) -> None:
        """Wait for a slot, if this thread needs one."""
        if self._thread.needs_slot:
            self._thread.has_slot = self._free.acquire(timeout=LONGEST_WAIT_S)
            self._thread.needs_slot = False

    def put_back(self) -> None:
        """Free the slot of this thread until it decodes another response."""
        self._thread.needs_slot |= self._thread.has_slot
        self._free_slot()

    def _free_slot(self) -> None:
        if self._thread.has_slot:
            self._thread.has_slot = False
            self._free.release()


PAGE_SLOTS: Final = PageSlots()
"""The slots of this process."""

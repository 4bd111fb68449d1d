"""What a sync says of its own completeness: whether rows agree with the counts that Hotmart gives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

LOGGER = logging.getLogger("airbyte.hotmart")


class SyncReport:
    """Counts windows whose rows agree with Hotmart's own count, and names the others."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._agreeing = 0
        self._differing: list[str] = []
        self._last_lines: list[Callable[[], None]] = []

    def at_end(self, log: Callable[[], None]) -> None:
        """Have something of one stream logged at the end of the sync."""
        self._last_lines.append(log)

    def list_read(self, stream_name: str, label: str, *, rows: int, totals: set[int], moved: bool) -> None:
        """Note a window or list that was read to its end: distinct rows, and every total its pages told.

        Where Hotmart tells no total, nothing is claimed; `moved` says that rows changed place while it was read.
        """
        if moved:
            LOGGER.warning(
                "%s: %s: Rows changed while the pages were read, also when read again, and Hotmart does not count "
                "them: some may be missing until the next sync reads the window once more, or a full refresh.",
                stream_name,
                label,
            )
            with self._lock:
                self._differing.append(f"{stream_name} {label} (changed while it was read)")
        if not totals:
            return
        if totals == {rows}:
            with self._lock:
                self._agreeing += 1
            return
        told = " then ".join(str(total) for total in sorted(totals))
        LOGGER.warning(
            "%s: %s: Hotmart counts %s rows, and %d came, also when asked again. The next sync reads recent "
            "windows once more; a full refresh reads all.",
            stream_name,
            label,
            told,
            rows,
        )
        with self._lock:
            self._differing.append(f"{stream_name} {label} ({told} counted, {rows} came)")

    def log_summary(self) -> None:
        """The lines for the end of the sync: those of single streams, and one for all counts that could be compared."""
        for log in self._last_lines:
            log()
        if self._differing:
            LOGGER.warning("Perhaps incomplete: %s.", "; ".join(self._differing))
        elif self._agreeing:
            LOGGER.info("Complete by Hotmart's own count in all %d windows and lists that have one.", self._agreeing)

"""Writes `docs/streams.md`."""

from integration_tests.docs.streams_page import PAGE, streams_page

PAGE.write_text(streams_page(), encoding="utf-8")

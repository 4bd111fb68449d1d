"""How many threads can have a decoded page at the same time."""

from __future__ import annotations

from contextlib import nullcontext
from queue import Queue
from threading import Thread

from source_hotmart.api.pages import PageSlots


class Page(Thread):
    """A thread that reads one page, whose responses it decodes one after the other, and waits after each step."""

    def __init__(self, slots: PageSlots, decoded: Queue[Page], *, responses: int = 1, is_list: bool = True) -> None:
        super().__init__(daemon=True)
        self._slots = slots
        self._decoded = decoded
        self._responses = responses
        self._is_list = is_list
        self._steps: Queue[None] = Queue()
        self.start()

    def run(self) -> None:
        with self._slots.reading_page() if self._is_list else nullcontext():
            self._decode()
            for _ in range(self._responses - 1):
                self._slots.put_back()
                self._steps.get()
                self._decode()

    def _decode(self) -> None:
        self._slots.wait_to_read()
        self._slots.wait_to_decode()
        self._decoded.put(self)
        self._steps.get()

    def go_on(self) -> None:
        self._steps.put(None)


def test_a_page_is_decoded_when_a_slot_is_free() -> None:
    slots, decoded = PageSlots(2), Queue[Page]()
    for _ in range(3):
        Page(slots, decoded)
    first, second = decoded.get(timeout=30), decoded.get(timeout=30)
    assert decoded.empty()

    first.go_on()
    third = decoded.get(timeout=30)
    for page in (second, third):
        page.go_on()


def test_a_body_is_read_without_a_slot_after_a_short_wait() -> None:
    slots, read = PageSlots(1, body_wait_s=0), Queue[str]()
    first = Page(slots, decoded := Queue[Page]())
    assert decoded.get(timeout=30) is first

    def read_body() -> None:
        with slots.reading_page():
            slots.wait_to_read()
            read.put("body")
            slots.wait_to_decode()
            read.put("page")

    Thread(target=read_body, daemon=True).start()
    assert read.get(timeout=30) == "body"
    assert read.empty()
    first.go_on()
    assert read.get(timeout=30) == "page"


def test_a_non_list_request_does_not_wait() -> None:
    slots, decoded = PageSlots(1), Queue[Page]()
    page = Page(slots, decoded)
    assert decoded.get(timeout=30) is page

    probe = Page(slots, decoded, is_list=False)
    assert decoded.get(timeout=30) is probe
    for each in (probe, page):
        each.go_on()


def test_a_retried_page_releases_its_slot() -> None:
    slots, decoded = PageSlots(1), Queue[Page]()
    failing = Page(slots, decoded, responses=2)
    assert decoded.get(timeout=30) is failing
    other = Page(slots, decoded)
    assert decoded.empty()

    failing.go_on()
    assert decoded.get(timeout=30) is other
    failing.go_on()
    assert decoded.empty()
    other.go_on()
    assert decoded.get(timeout=30) is failing
    failing.go_on()

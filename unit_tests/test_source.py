"""How the source is wired into the CDK, and the CDK's private names that it leans on."""

from __future__ import annotations

from threading import Thread
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessage, Type
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams.http import HttpStream

from integration_tests.harness import catalog, stream_names
from source_hotmart import SourceHotmart
from source_hotmart.source import OrderedRepository, stream_classes


def test_the_private_names_of_the_cdk_are_where_they_are_looked_for() -> None:
    assert callable(HttpStream._fetch_next_page)
    assert callable(ConcurrentMessageRepository._put_on_queue)
    assert "_concurrent_source" in vars(SourceHotmart())


def test_a_message_passes_through_no_list_that_threads_share() -> None:
    taken: list[Any] = []

    class Shared:
        """In the place of the list between: whatever goes through it can be taken by another thread."""

        def emit_message(self, message: AirbyteMessage) -> None:
            taken.append(message)

        def consume_queue(self) -> list[AirbyteMessage]:
            return []

    source = SourceHotmart()
    repository = source.message_repository
    assert isinstance(repository, OrderedRepository)
    repository._decorated_message_repository = Shared()  # type: ignore[assignment]
    state = AirbyteMessage(type=Type.STATE, state=AirbyteStateMessage())

    worker = Thread(target=repository.emit_message, args=(state,))
    worker.start()
    worker.join()

    assert not taken
    assert repository._queue.get_nowait() is state


def test_streams_are_found_in_the_order_they_are_written() -> None:
    assert stream_names()[0] == "sales_history"
    assert len(stream_names()) == len(set(stream_names())) == len(stream_classes())
    assert [stream["stream"]["name"] for stream in catalog()["streams"]] == stream_names()


def test_a_stream_that_is_not_offered_makes_the_sync_fail() -> None:
    assert SourceHotmart().raise_exception_on_missing_stream

"""How the source is connected to the CDK."""

from __future__ import annotations

from source_hotmart import SourceHotmart
from source_hotmart.streams import STREAMS
from tools.harness import Connector, catalog, stream_names


def test_streams_have_the_order_of_their_definition() -> None:
    assert stream_names()[0] == "sales_history"
    assert len(stream_names()) == len(set(stream_names())) == len(STREAMS)
    assert [stream["stream"]["name"] for stream in catalog()["streams"]] == stream_names()


def test_an_unknown_stream_fails_the_sync() -> None:
    assert SourceHotmart().raise_exception_on_missing_stream


def test_streams_with_sequential_requests_start_first(connector: Connector) -> None:
    run = connector.read(["sales_history", "club_students", "sales_users", "subscriptions"])

    statuses = [m["trace"]["stream_status"] for m in run.of_type("TRACE") if "stream_status" in m["trace"]]
    started = [s["stream_descriptor"]["name"] for s in statuses if s["status"] == "STARTED"]
    assert started == ["subscriptions", "club_students", "sales_history", "sales_users"]

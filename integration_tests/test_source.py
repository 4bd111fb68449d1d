"""How the source is connected to the CDK."""

from __future__ import annotations

from source_hotmart import SourceHotmart
from source_hotmart.catalog import stream_classes
from tools.harness import Connector, catalog, stream_names


def test_streams_are_found_in_the_order_they_are_written() -> None:
    assert stream_names()[0] == "sales_history"
    assert len(stream_names()) == len(set(stream_names())) == len(stream_classes())
    assert [stream["stream"]["name"] for stream in catalog()["streams"]] == stream_names()


def test_a_stream_that_is_not_offered_makes_the_sync_fail() -> None:
    assert SourceHotmart().raise_exception_on_missing_stream


def test_streams_whose_calls_follow_one_another_start_first(connector: Connector) -> None:
    run = connector.read(["sales_history", "club_students", "sales_users", "subscriptions"])

    statuses = [m["trace"]["stream_status"] for m in run.of_type("TRACE") if "stream_status" in m["trace"]]
    started = [s["stream_descriptor"]["name"] for s in statuses if s["status"] == "STARTED"]
    assert started == ["subscriptions", "club_students", "sales_history", "sales_users"]

"""Rows that pass between threads are counted."""

from __future__ import annotations

from typing import Any

from source_hotmart.sync.engine import BATCH_ROWS
from tools.rows import difference


def test_batched_records_are_counted_individually(connector: Any, hotmart: Any) -> None:
    run = connector.read(["sales_history"])

    rows = len(run.records("sales_history"))
    assert not difference("sales_history", hotmart.world.expected("sales_history"), run.records("sales_history"))
    assert rows > BATCH_ROWS // 2
    assert f"Read {rows} records from sales_history stream" in run.logs
    counted = sum(message["state"]["sourceStats"]["recordCount"] for message in run.of_type("STATE"))
    assert counted == rows
    statuses = [m["trace"]["stream_status"]["status"] for m in run.of_type("TRACE") if "stream_status" in m["trace"]]
    assert statuses == ["STARTED", "RUNNING", "COMPLETE"]

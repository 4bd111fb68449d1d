"""A whole sync stays within the quota."""

from __future__ import annotations

from typing import Any

from tools.harness import VirtualClock, switches
from tools.rows import difference


def test_a_sync_stays_within_the_quota(connector, clock: VirtualClock, hotmart: Any):
    hotmart.switches = switches(limit_per_minute=100, page_cap=4)

    run = connector.read(["sales_history", "sales_users"])

    assert run.exit_code == 0
    for stream in ("sales_history", "sales_users"):
        assert not difference(stream, hotmart.world.expected(stream), run.records(stream))
    assert hotmart.count() > 240
    assert hotmart.count(status=429) <= 2

"""A read must leave no open sockets or threads in its process."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time

import pytest

from hotmart_simulator import Fault, Simulator
from source_hotmart import SourceHotmart
from tools.harness import Connector, catalog, switches

LOGGER = logging.getLogger("airbyte")
REAL_SLEEP = time.sleep


def sockets() -> int:
    """Return the number of open sockets in this process."""
    gc.collect()
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names of files that end while they are listed
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")  # noqa: PTH115
        except FileNotFoundError:
            continue
    return found


def sockets_are_closed(before: int) -> bool:
    """Whether no more sockets are open than before. The simulator closes its ends in its own threads."""
    return any(sockets() <= before or REAL_SLEEP(0.02) for _ in range(200))


def workers() -> list[threading.Thread]:
    """Return the connector's running threads."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("workerpool")]


def test_a_read_leaves_no_open_socket(connector: Connector) -> None:
    before = sockets()

    for _ in range(2):
        assert connector.read(["sales_history", "products", "coupons"]).exit_code == 0

    assert sockets_are_closed(before)


def test_a_failed_read_leaves_no_thread_and_no_open_socket(hotmart: Simulator, connector: Connector) -> None:
    hotmart.add_fault(Fault(kind=500, path="/products/api/v1/products", times=None))
    before = sockets()

    run = connector.read(["sales_history", "products"])

    assert run.exit_code == 1
    for thread in workers():
        thread.join(10)
    assert not workers()
    assert sockets_are_closed(before)


def test_a_check_leaves_no_open_socket(connector: Connector) -> None:
    before = sockets()

    assert connector.run("check").connection_status["status"] == "SUCCEEDED"

    assert sockets_are_closed(before)


def test_an_interrupted_read_leaves_no_socket_and_stops_requests(hotmart: Simulator, connector: Connector) -> None:
    hotmart.switches = switches(page_cap=10, latency_ms=20)
    before = sockets()
    source = SourceHotmart()
    selected = source.read_catalog(connector.arguments("read", catalog=catalog(["sales_history", "products"]))[-1])

    messages = source.read(LOGGER, connector.config, selected)
    next(message for message in messages if message.record)
    messages.close()  # type: ignore[attr-defined] # a generator

    for thread in workers():
        thread.join(10)
    assert not workers()
    assert sockets_are_closed(before)
    asked = len(hotmart.calls)
    assert asked < len(hotmart.world.expected("sales_history")) // 10


def test_each_worker_reuses_one_connection(
    hotmart: Simulator, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    hotmart.switches = switches(latency_ms=20)
    connector.config["num_workers"] = 32
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    try:
        run = connector.read()
    finally:
        logging.getLogger("urllib3").setLevel(logging.ERROR)

    assert run.exit_code == 0, run.sentences
    assert "Connection pool is full" not in caplog.text
    assert caplog.text.count("Starting new HTTP connection") <= 32 + 1  # one more for the login

"""What a read must not leave in the process in which it ran."""

from __future__ import annotations

import gc
import os
import threading

from hotmart_simulator import Fault, Simulator
from tools.harness import Connector


def sockets() -> int:
    """Return how many sockets this process has open."""
    gc.collect()
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names of files that end while they are listed
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")  # noqa: PTH115
        except FileNotFoundError:
            continue
    return found


def workers() -> list[threading.Thread]:
    """Return the threads of the connector that are alive."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("workerpool")]


def test_a_read_leaves_no_socket(connector: Connector) -> None:
    before = sockets()

    for _ in range(2):
        assert connector.read(["sales_history", "products", "coupons"]).exit_code == 0

    assert sockets() <= before


def test_a_failed_read_leaves_no_thread(hotmart: Simulator, connector: Connector) -> None:
    hotmart.add_fault(Fault(kind=500, path="/products/api/v1/products", times=None))

    assert connector.read(["sales_history", "products"]).exit_code == 1

    for thread in workers():
        thread.join(10)
    assert not workers()

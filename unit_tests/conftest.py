"""Fail a unit test that opens a connection or starts a process."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from typing import NoReturn

import pytest


def _refuse(*arguments: object, **options: object) -> NoReturn:
    pytest.fail("A unit test opens no connection and starts no process. Move it to integration_tests.")


@pytest.fixture(autouse=True, scope="module")
def no_connections_and_no_processes() -> Iterator[None]:
    """Guard whole modules, because fixtures of a module run before those of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "bind", _refuse)
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(subprocess.Popen, "__init__", _refuse)
        yield

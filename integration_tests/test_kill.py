"""Real processes are ended at random times. Their output up to the last state, plus a resumed sync, has all rows."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson
import pytest

from conftest import Tell
from hotmart_simulator import Simulator, World
from tools.harness import Connector, Message, State, Warehouse, catalog, last_states, switches
from tools.rows import difference
from tools.sample import ALL_CASES, sample

pytestmark = pytest.mark.long

DAY_MS = 86_400_000
STREAMS = ["sales_history", "sales_commissions", "subscriptions", "subscription_transactions", "products"]
KILLS = int(os.environ.get("HOTMART_KILLS", "5" if ALL_CASES else "2"))
"""Number of runs per signal: two by default, and five with HOTMART_ALL_FAULTS=1.

Set `HOTMART_KILLS=50 pytest integration_tests/test_kill.py` for more.
"""

PIPE_BYTES = 65_536
"""Size of a pipe on Linux."""


@pytest.fixture
def account() -> Iterator[Simulator]:
    """An account on the real clock, slow enough for processes to be ended at any stage."""
    now_ms = time.time_ns() // 1_000_000
    world = World(
        seed=3, sales=800, subscriptions=60, students=5, products=8, start_ms=now_ms - 900 * DAY_MS, now_ms=now_ms
    )
    with Simulator(world, switches(page_cap=60, latency_ms=5), follow_clock=True) as simulator:
        yield simulator


@pytest.fixture
def process_connector(account: Simulator, tmp_path: Path) -> Connector:
    connector = Connector(account, tmp_path)
    start = time.strftime("%Y-%m-%d", time.gmtime(account.world.start_ms / 1000 - 86_400))
    connector.config |= {"start_date": start, "num_workers": 4}
    return connector


def run_until(process: subprocess.Popen[bytes], lines: int | None, ending: signal.Signals) -> list[Message]:
    """Return the complete lines that a process printed before it was ended after this many lines."""
    assert process.stdout is not None
    output: list[bytes] = []
    for line in process.stdout:
        output.append(line)
        if lines is not None and len(output) == lines:
            process.send_signal(ending)
    process.wait(timeout=30)
    process.stdout.close()
    messages = []
    for line in output:
        if line.endswith(b"\n"):
            messages.append(orjson.loads(line))
    return messages


def above_last_state(messages: list[Message]) -> list[Message]:
    """Return the messages that a destination has committed when the source is gone."""
    states = [index for index, message in enumerate(messages) if message["type"] == "STATE"]
    return messages[: states[-1] + 1] if states else []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_and_resumed_sync_reads_every_row(
    process_connector: Connector,
    account: Simulator,
    ending: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    for name, address in process_connector.environment.items():
        monkeypatch.setenv(name, address)
    random = Random(int(ending))
    undisturbed = run_until(process_connector.start("read", catalog=catalog(STREAMS)), None, ending)
    least_calls = len(account.calls)
    extra_calls: list[int] = []
    for _ in range(KILLS):
        account.reset_log()
        warehouse = Warehouse()
        cut = random.randrange(len(undisturbed))
        process = process_connector.start("read", catalog=catalog(STREAMS))
        kept = above_last_state(run_until(process, cut, ending))
        # Near its end, a process may have written all its output to the pipe before it receives the signal.
        assert process.returncode != 0 or cut >= len(undisturbed) - 200
        state: State = last_states(kept)
        warehouse.load(kept)
        resumed = process_connector.read(STREAMS, state)
        warehouse.load(resumed.messages)
        assert resumed.exit_code == 0, resumed.sentences
        for stream in STREAMS:
            found = difference(stream, account.world.expected(stream), warehouse.rows[stream].values())
            assert not found, f"{found}, after {ending.name} at line {cut}"
        extra_calls.append(len(account.calls) - least_calls)
    extra_calls.sort()
    tell(
        f"{ending.name}: {KILLS} ended syncs resumed; a whole sync takes {least_calls} calls, ended and resumed "
        f"it took {extra_calls[KILLS // 2]:+d} (median), {extra_calls[-1]:+d} (most)"
    )


def wait_until_blocked(process: subprocess.Popen[bytes]) -> None:
    """Wait until the output that nobody reads has filled most of the pipe and has not grown for half a second."""
    assert process.stdout is not None
    before, unread = -1, 0
    while unread != before or unread < PIPE_BYTES // 3:
        time.sleep(0.5)
        size = fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4))
        before, unread = unread, int.from_bytes(size, sys.byteorder)


def wait_for_start(process: subprocess.Popen[bytes]) -> None:
    """Wait until a stream has started, before its first response."""
    assert process.stdout is not None
    for line in process.stdout:
        if b"STARTED" in line:
            return
    raise AssertionError("the process ended before a stream started")


ENDS = {signal.SIGTERM: -signal.SIGTERM, signal.SIGHUP: -signal.SIGHUP, signal.SIGINT: 130}
"""Exit codes that PyAirbyte and others accept: the signal itself. Ctrl-C uses the exit code that shells use."""


@pytest.mark.parametrize("ending", ENDS)
def test_a_signal_ends_the_process_within_seconds(
    process_connector: Connector, account: Simulator, ending: signal.Signals
) -> None:
    account.switches = switches(page_cap=60, latency_ms=3_000)
    process = process_connector.start("read", catalog=catalog(STREAMS))
    wait_for_start(process)

    began = time.monotonic()
    process.send_signal(ending)
    rest, _ = process.communicate(timeout=30)

    assert time.monotonic() - began < 3
    assert process.returncode == ENDS[ending]
    assert f"Ended by {ending.name}. The next sync continues from the last state.".encode() in rest
    assert rest.endswith(b"}\n")
    assert all(orjson.loads(line)["type"] for line in rest.splitlines())


@pytest.mark.parametrize("ending", sample([signal.SIGTERM, signal.SIGINT], 2))
def test_a_second_signal_ends_a_process_with_blocked_output_at_once(
    process_connector: Connector, ending: signal.Signals
) -> None:
    """By default with one of two signals."""
    process = process_connector.start("read", catalog=catalog(STREAMS))
    wait_for_start(process)
    wait_until_blocked(process)

    process.send_signal(ending)
    time.sleep(0.5)
    assert process.poll() is None
    began = time.monotonic()
    process.send_signal(ending)
    code = process.wait(timeout=30)

    assert time.monotonic() - began < 1
    assert code == -ending
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("ending", sample([*ENDS], 2))
def test_a_signal_ends_a_process_with_blocked_output_within_seconds(
    process_connector: Connector, ending: signal.Signals
) -> None:
    """By default with two of three signals."""
    process = process_connector.start("read", catalog=catalog(STREAMS))
    wait_for_start(process)
    wait_until_blocked(process)

    process.send_signal(ending)
    code = process.wait(timeout=10)

    assert code == ENDS[ending]
    assert process.stdout is not None
    process.stdout.close()


def test_an_ignored_signal_stays_ignored(process_connector: Connector, account: Simulator) -> None:
    """As under nohup, and for a background job of a script."""
    account.switches = switches(page_cap=60, latency_ms=300)
    arguments = process_connector.arguments("read", catalog=catalog(["products"]))
    process = subprocess.Popen(
        ["sh", "-c", "trap '' INT HUP; exec \"$@\"", "-", sys.executable, "-m", "source_hotmart.run", *arguments],
        env={**os.environ, **process_connector.environment},
        stdout=subprocess.PIPE,
    )
    wait_for_start(process)

    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)

    assert process.returncode == 0


UNSHARE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


@pytest.mark.skipif(
    subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode != 0,
    reason="this machine lets nobody make a process the first of its namespace",
)
def test_sigterm_ends_process_1_of_a_container_with_143(process_connector: Connector, account: Simulator) -> None:
    """Signals have no default action in process 1, so it cannot be ended by one."""
    account.switches = switches(page_cap=60, latency_ms=3_000)
    arguments = process_connector.arguments("read", catalog=catalog(STREAMS))
    process = subprocess.Popen(
        [*UNSHARE, sys.executable, "-m", "source_hotmart.run", *arguments],
        env={**os.environ, **process_connector.environment},
        stdout=subprocess.PIPE,
    )
    wait_for_start(process)
    (first,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()

    os.kill(int(first), signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)

    assert process.returncode == 143
    assert b"Ended by SIGTERM" in rest


def test_a_closed_output_ends_the_process_with_a_message(process_connector: Connector, account: Simulator) -> None:
    arguments = process_connector.arguments("read", catalog=catalog(STREAMS))
    process = subprocess.Popen(
        ["sh", "-c", '"$@" | head -n 3 >/dev/null', "-", sys.executable, "-m", "source_hotmart.run", *arguments],
        env={**os.environ, **process_connector.environment},
        stderr=subprocess.PIPE,
    )

    _, errors = process.communicate(timeout=60)

    assert b"The output could not be written" in errors


def test_a_reader_that_pauses_until_requests_stop_receives_every_row(
    process_connector: Connector, account: Simulator
) -> None:
    with process_connector.start("read", catalog=catalog(["sales_history", "sales_users"])) as process:
        assert process.stdout is not None
        output = [process.stdout.readline() for _ in range(20)]
        wait_until_blocked(process)
        calls_while_it_stood = len(account.calls)
        output += process.stdout.readlines()

    assert process.returncode == 0
    warehouse = Warehouse()
    warehouse.load(orjson.loads(line) for line in output)
    for stream in ("sales_history", "sales_users"):
        assert not difference(stream, account.world.expected(stream), warehouse.rows[stream].values())
    # The queue is bounded: a stalled reader stops the requests and limits memory.
    assert calls_while_it_stood < len(account.calls)

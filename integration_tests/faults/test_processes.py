"""Real processes on the real clock: some faults of each family, signals, and output that cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson
import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.secrecy import assert_hidden, secrets_of
from tools.faults.table import HISTORY, STUDENTS, TOKEN
from tools.harness import Connector, Run, catalog, switches
from tools.rows import difference, key_of
from tools.sample import ALL_CASES

pytestmark = pytest.mark.long

DAY_MS = 86_400_000
STREAMS = ["sales_history", "products", "club_students"]
TERMINATED = -signal.SIGTERM
"""Exit code of a process that the signal itself ended."""
INTERRUPTED = 130
UNWRITABLE = "The output could not be written"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One process: its fault or signal, and its expected end."""

    name: str
    exit_code: int
    says: str = ""
    """Expected somewhere in the output."""
    command: Literal["read", "check"] = "read"
    fault: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    stdout: Literal["kept", "full", "closed", "unread"] = "kept"
    ended_by: signal.Signals | None = None
    """Signal to send after the fault has occurred."""
    within_s: float = 90


def once(kind: int | str, **details: Any) -> dict[str, Any]:
    return {"kind": kind, "path": HISTORY, "where": asks_for_rows, **details}


def always(kind: int | str, **details: Any) -> dict[str, Any]:
    return {"kind": kind, "path": HISTORY, "times": None, **details}


def asks_for_rows(call: Any) -> bool:
    return bool(call.get("max_results") != "1")


EVERY_CASE = [
    Case(name="nothing", exit_code=0, says="Complete: the rows match Hotmart's count"),
    Case(name="login: 503 once", exit_code=0, fault=once(503, path=TOKEN)),
    Case(name="first page: reset once", exit_code=0, fault=once("reset", page="first")),
    Case(name="middle page: HTML once", exit_code=0, fault=once("html200", page="middle")),
    Case(name="middle page: 401 once", exit_code=0, fault=once(401, page="middle")),
    Case(name="last page: 429 once", exit_code=0, fault=once(429, page="last", reset_s=0)),
    Case(name="last page: stale token once", exit_code=0, fault=once(400, page="last", error="invalid_token")),
    Case(name="middle page: repeated token once", exit_code=0, fault=once("repeat_token", page="middle")),
    Case(name="child: truncated once", exit_code=0, fault=once("truncated_json", path=STUDENTS)),
    Case(name="403 for ever", exit_code=1, says="no permission to read this stream (403)", fault=always(403)),
    Case(name="404 for ever", exit_code=1, says="unexpected status (404", fault=always(404)),
    Case(name="redirect for ever", exit_code=1, says="to another address (302)", fault=always("redirect")),
    Case(name="no key for ever", exit_code=1, says="without a primary key", fault=always("no_key")),
    Case(name="login refused", exit_code=1, says="rejected the Client ID", fault=always(401, path=TOKEN)),
    Case(name="unknown club", exit_code=1, says="knows no members area", config={"members_area_subdomain": "nobody"}),
    Case(name="check: login refused", command="check", exit_code=0, says="FAILED", fault=always(401, path=TOKEN)),
    Case(name="check: login throttled", command="check", exit_code=0, says="FAILED", fault=always(429, path=TOKEN)),
    Case(
        name="check: never answered",
        command="check",
        exit_code=0,
        says="did not answer within 8 seconds",
        fault=always("hang", path=TOKEN),
        within_s=30,
    ),
    Case(
        name="check: headers one by one",
        command="check",
        exit_code=0,
        says="took more than 9 seconds",
        fault=always("drip_head", path=TOKEN),
        within_s=30,
    ),
    Case(name="a full disk", exit_code=1, says=UNWRITABLE, stdout="full"),
    Case(name="check: a full disk", command="check", exit_code=1, says=UNWRITABLE, stdout="full"),
    Case(name="a closed output", exit_code=1, says=UNWRITABLE, stdout="closed"),
    Case(name="an output nobody reads", exit_code=1, says=UNWRITABLE, stdout="unread"),
    Case(name="ended between tries", exit_code=TERMINATED, fault=always(500), ended_by=signal.SIGTERM),
    Case(name="ended in a silence", exit_code=TERMINATED, fault=always("hang"), ended_by=signal.SIGTERM),
    Case(name="ended while the quota is closed", exit_code=TERMINATED, fault=always(429), ended_by=signal.SIGTERM),
    Case(name="ended in the login", exit_code=TERMINATED, fault=always("hang", path=TOKEN), ended_by=signal.SIGTERM),
    Case(name="Ctrl-C between tries", exit_code=INTERRUPTED, fault=always(500), ended_by=signal.SIGINT),
    Case(name="Ctrl-C in a silence", exit_code=INTERRUPTED, fault=always("hang"), ended_by=signal.SIGINT),
    Case(
        name="check: ended in the login",
        command="check",
        exit_code=TERMINATED,
        fault=always("hang", path=TOKEN),
        ended_by=signal.SIGTERM,
    ),
]

IN_THE_MATRIX = {
    *("login: 503 once", "first page: reset once", "middle page: 401 once", "last page: 429 once"),
    *("last page: stale token once", "middle page: repeated token once", "child: truncated once"),
    *("404 for ever", "redirect for ever", "no key for ever", "login refused"),
    *("check: login refused", "check: login throttled"),
}
"""Cases whose fault is also in the fault matrix, in its own process. They run in the full check only."""
OTHER_PAIRS = {"ended in a silence", "ended while the quota is closed", "Ctrl-C between tries"}
"""Cases of a signal and a moment that other cases test with another moment and another signal. They run in the full
check only."""
CASES = [case for case in EVERY_CASE if ALL_CASES or case.name not in IN_THE_MATRIX | OTHER_PAIRS]


@dataclass
class Ended:
    """Result of a finished process."""

    simulator: Simulator
    connector: Connector
    exit_code: int
    output: str
    took_s: float
    """Seconds since the signal, for a check since the fault occurred, otherwise since the start."""


def run_case(case: Case, folder: Path) -> Ended:
    """Start a process, send its signal and wait for its end."""
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms - 40 * DAY_MS
    world = World(seed=7, sales=40, subscriptions=4, students=16, products=4, start_ms=start_ms, now_ms=now_ms)
    with Simulator(world, switches(page_cap=10), follow_clock=True) as simulator:
        connector = Connector(simulator, folder)
        start = time.strftime("%Y-%m-%d", time.gmtime(start_ms / 1000))
        connector.config |= {"start_date": start, **case.config}
        fault = simulator.add_fault(Fault(**case.fault)) if case.fault else None
        began_s = time.monotonic()
        process = start_process(case, connector)
        if fault and (case.ended_by or case.command == "check"):
            while not fault.fired and process.poll() is None:
                time.sleep(0.02)
            began_s = time.monotonic()
        if case.ended_by:
            time.sleep(0.2)  # during the following wait
            began_s = time.monotonic()
            process.send_signal(case.ended_by)
        out, errors = process.communicate(timeout=90)
        took_s = time.monotonic() - began_s
    return Ended(simulator, connector, process.returncode, ((out or b"") + errors).decode(), took_s)


def start_process(case: Case, connector: Connector) -> subprocess.Popen[bytes]:
    """Start the command as a platform does, with the output of the case."""
    files = {"catalog": catalog(STREAMS)} if case.command == "read" else {}
    arguments = [sys.executable, "-m", "source_hotmart.run", *connector.arguments(case.command, **files)]
    options: dict[str, Any] = {"env": {**os.environ, **connector.environment}, "stderr": subprocess.PIPE}
    if case.stdout == "full":
        with Path("/dev/full").open("wb") as full:
            return subprocess.Popen(arguments, stdout=full, **options)
    if case.stdout == "closed":
        return subprocess.Popen(["sh", "-c", 'exec "$@" >&-', "-", *arguments], **options)
    if case.stdout == "unread":
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return subprocess.Popen(arguments, stdout=writer, **options)
        finally:
            os.close(writer)
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, **options)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Case], Ended]]:
    """The result of each case's process. All start together, a few at a time."""
    with ThreadPoolExecutor(3) as pool:
        runs = {case.name: pool.submit(run_case, case, tmp_path_factory.mktemp("process")) for case in CASES}
        yield lambda case: runs[case.name].result()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_process_ends_with_the_expected_exit_code_and_output(ended: Callable[[Case], Ended], case: Case) -> None:
    process = ended(case)

    assert process.exit_code == case.exit_code, process.output[-2_000:]
    assert case.says in process.output
    assert process.took_s < (5 if case.ended_by else case.within_s)
    assert_hidden(process.output, secrets_of(process.connector))
    if case.stdout != "kept":
        assert process.output.count("\n") == 1  # a message without a traceback
        return
    messages = [orjson.loads(line) for line in process.output.splitlines()]
    if case.command == "read":
        run = Run(messages, process.exit_code)
        for stream in STREAMS:
            came = [key_of(stream, record) for record in run.records(stream)]
            assert len(came) == len(set(came))
            found = difference(stream, process.simulator.world.expected(stream), run.records(stream))
            assert not found.stale + found.surplus, found
            if run.statuses.get(stream) == "COMPLETE":
                assert not found.lost or case.config, found
        if case.exit_code == 0:
            assert run.statuses == dict.fromkeys(STREAMS, "COMPLETE")
    if case.ended_by:
        assert f"Ended by {case.ended_by.name}" in process.output

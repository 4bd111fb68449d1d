"""The processes that `make bench` measures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tools.bench.failure import BenchFailed
from tools.bench.processes import RecordCounter, measure

ROOT = Path(__file__).parent.parent

MIB = 1 << 20


def run(folder: Path, code: str, counter: RecordCounter | None = None):
    return measure([sys.executable, "-c", code], dict(os.environ), folder, counter)


def test_the_peak_memory_excludes_the_harness(tmp_path):
    ballast = bytearray(300 * MIB)
    ballast[::4096] = b"x" * len(ballast[::4096])
    small = run(tmp_path, "pass")
    large = run(tmp_path, f"b = bytearray({200 * MIB}); b[::4096] = b'x' * len(b[::4096])")
    assert small.peak_mib < 100
    assert 200 < large.peak_mib < 300


def test_cpu_time_excludes_sleep(tmp_path):
    busy = run(tmp_path, "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass")
    asleep = run(tmp_path, "import time; time.sleep(0.5)")
    assert busy.cpu_s >= 0.5
    assert asleep.cpu_s < 0.5 <= asleep.wall_s


def test_the_first_record_is_timed_from_the_process_start(tmp_path):
    code = """import time; time.sleep(0.4); print('{"type":"RECORD"}', flush=True); time.sleep(0.4)"""
    usage = run(tmp_path, code)
    assert usage.first_record_s is not None
    assert 0.4 <= usage.first_record_s <= usage.wall_s - 0.4


def test_a_failed_process_raises_its_last_error_output(tmp_path):
    with pytest.raises(BenchFailed, match=r"ended with 3: .*out of luck"):
        run(tmp_path, "import sys; print('out of luck', file=sys.stderr); sys.exit(3)")


def test_terminating_the_launcher_ends_its_command(tmp_path):
    report = tmp_path / "report.json"
    launcher = ROOT / "tools" / "bench" / "launcher.py"
    command = [sys.executable, "-I", "-S", str(launcher), str(report), sys.executable, "-c"]
    with subprocess.Popen([*command, "print('up', flush=True); import time; time.sleep(60)"], stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
    assert orjson.loads(report.read_bytes())["exit_code"] == -15

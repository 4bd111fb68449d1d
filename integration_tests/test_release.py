"""One command writes the packages of a release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_one_command_writes_all_files_of_a_release(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tools.release", "--packages", tmp_path / "dist"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in (tmp_path / "dist").iterdir()) == [".gz", ".md", ".whl"]
    assert (tmp_path / "dist" / "notes.md").read_text("utf-8") in (ROOT / "CHANGELOG.md").read_text("utf-8")

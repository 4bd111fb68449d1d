"""The README's block for PyAirbyte runs exactly as pasted."""

import json
import subprocess
import sys
from pathlib import Path

from integration_tests.ecosystem.conftest import CONNECTOR, ROOT
from tools.demo.simulator_process import SimulatorProcess
from tools.docs.blocks import blocks


def test_the_pyairbyte_block_reads_the_account(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(ROOT / "README.md") if block.language == "python"]
    (tmp_path / ".venv").symlink_to(CONNECTOR.parent.parent)
    (tmp_path / "secrets").mkdir()
    log, python = tmp_path / "simulator.log", CONNECTOR.with_name("python")

    with SimulatorProcess(60, log, python, products=6, modules=2, coupons=6, participants=4) as hotmart:
        (tmp_path / "secrets" / "config.json").write_text(json.dumps(hotmart.config), encoding="utf-8")
        for _ in range(2):  # the second read is incremental
            done = subprocess.run(
                [sys.executable, "-c", block.text],
                cwd=tmp_path,
                env=hotmart.environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
            assert "order_date" in done.stdout

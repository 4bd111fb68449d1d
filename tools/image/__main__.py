r"""Runs the connector's image against simulated accounts, as platforms do, and checks what it says.

    python -m tools.image IMAGE
    python -m tools.image --run "podman run --rm --network host" --inspect "podman image inspect" IMAGE

Ends with status 1 and a sentence on the first thing that is not as it should be.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.demo.failure import DemoFailed
from tools.demo.simulator_process import SimulatorProcess
from tools.image.container import Container, NotAsItShouldBe
from tools.image.hardening import check_confined
from tools.image.load import check_load
from tools.image.platform import check_commands, check_labels

SALES = 1_000


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        "python -m tools.image",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--run", default="docker run --rm --network host", help="what runs an image")
    parser.add_argument("--inspect", default="docker image inspect", help="what prints its description as JSON")
    parser.add_argument("image", help="its name and tag")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            check_labels(arguments.image, shlex.split(arguments.inspect))
            with SimulatorProcess(SALES, folder / "simulator.log") as simulator:
                url = simulator.environment["HOTMART_API_URL"]
                container = Container(arguments.image, shlex.split(arguments.run), folder, url)
                check_commands(container, simulator)
                check_confined(container, simulator.config)
            check_load(container)
        except (NotAsItShouldBe, DemoFailed, subprocess.SubprocessError, OSError) as problem:
            print(f"image: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

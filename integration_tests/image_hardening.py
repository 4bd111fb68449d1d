"""Looks at what the connector's image holds, and runs it with all that can be taken from a container taken away.

    python -m integration_tests.image_hardening --simulator ready.json --run "docker run --rm --network host" IMAGE

`ready.json` holds the line the simulator prints when it is ready. Ends with status 1 and a sentence on the first
thing that is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN_SECONDS = 300
CONFINED = ("--read-only", "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m", "--cap-drop=ALL")
"""No capability, and nothing to write to but a temporary folder from which nothing can be started."""

TEMPORARY = {"/tmp", "/var/tmp", "/run"}
"""Where a confined container may write; some tools mount the last two for it."""

Message = Mapping[str, Any]


class Soft(Exception):
    """The image is softer than it should be; the text says where."""


@dataclass(frozen=True)
class Container:
    """The image, how to run it, and the files that it finds in `/secrets`."""

    image: str
    run_command: Sequence[str]
    folder: Path
    url: str

    def run(self, *arguments: str, entrypoint: str | None = None) -> str:
        """Run the connector, or another program of the image, confined; returns its stdout. It must succeed."""
        addresses = [f"--env={name}={self.url}" for name in ("HOTMART_API_URL", "HOTMART_AUTH_URL")]
        mount = f"--volume={self.folder}:/secrets:ro"
        program = [f"--entrypoint={entrypoint}"] if entrypoint else []
        done = subprocess.run(
            [*self.run_command, *CONFINED, mount, *addresses, *program, self.image, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            timeout=RUN_SECONDS,
        )
        if done.returncode:
            raise Soft(f"{entrypoint or arguments[0]}: exit status {done.returncode} when confined")
        return done.stdout

    def messages(self, *arguments: str) -> list[Message]:
        """What a command of the connector says."""
        return [json.loads(line) for line in self.run(*arguments).splitlines()]


def look_inside(container: Container) -> None:
    """What the image holds, and what its user may do there."""
    program = Path(__file__).with_name("image_contents.py").read_text("utf-8")
    found = json.loads(container.run("-c", program, entrypoint="/opt/source-hotmart/bin/python3"))
    for what, paths in found["amiss"].items():
        raise Soft(f"{what}: {', '.join(paths[:5])}")
    if not found["user"] or found["capabilities"]:
        raise Soft(f"user {found['user']} with the capabilities {found['capabilities']:x}")
    if set(found["writable"]) - TEMPORARY:
        raise Soft(f"the user can write to {', '.join(found['writable'])}")
    print(f"hardening: user {found['user']} without capabilities, who can write to {', '.join(found['writable'])}")


def read_confined(container: Container, account: Mapping[str, str]) -> None:
    """The four commands work on a read-only root file system, without capabilities."""
    config = {name: account[name] for name in ("client_id", "client_secret", "token", "start_date")}
    config["members_area_subdomain"] = account["subdomain"]
    _write(container.folder / "config.json", config)
    container.messages("spec")
    options = ("--config", "/secrets/config.json")
    (status,) = [item for item in container.messages("check", *options) if item["type"] == "CONNECTION_STATUS"]
    if status["connectionStatus"]["status"] != "SUCCEEDED":
        raise Soft(f"check: {status}")
    (offered,) = [item for item in container.messages("discover", *options) if item["type"] == "CATALOG"]
    streams = [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        for stream in offered["catalog"]["streams"]
    ]
    _write(container.folder / "catalog.json", {"streams": streams})
    messages = container.messages("read", *options, "--catalog", "/secrets/catalog.json")
    read = {message["record"]["stream"] for message in messages if message["type"] == "RECORD"}
    missing = {stream["stream"]["name"] for stream in streams} - read
    if missing:
        raise Soft(f"read: no records of {sorted(missing)} when confined")
    print(f"hardening: spec, check, discover and read of {len(read)} streams on a read-only root file system")


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o644)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulator", type=Path, required=True, help="the line the simulator printed")
    parser.add_argument("--run", default="docker run --rm --network host", help="what runs an image")
    parser.add_argument("image")
    arguments = parser.parse_args()
    account = json.loads(arguments.simulator.read_text())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        container = Container(arguments.image, shlex.split(arguments.run), Path(folder), account["url"])
        try:
            look_inside(container)
            read_confined(container, account)
        except (Soft, subprocess.TimeoutExpired) as problem:
            print(f"hardening: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

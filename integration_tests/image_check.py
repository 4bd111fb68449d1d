r"""Runs spec, check, discover and read in the connector's image, against the simulator, and checks what it says.

    python -m integration_tests.image_check --simulator ready.json --run "docker run --rm --network host" \
        --inspect "docker image inspect" IMAGE

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
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

METADATA = Path(__file__).parent.parent / "metadata.yaml"

STREAMS = frozenset(
    configured["stream"]["name"]
    for configured in json.loads(Path(__file__).with_name("configured_catalog.json").read_text())["streams"]
)
"""What an account with a members area has."""

RUN_SECONDS = 300
MOUNT = "/secrets"


class NotAsItShouldBe(Exception):
    """The image did something else than a platform expects; the text says what."""


def expect(holds: bool, otherwise: str) -> None:
    """Stop with a sentence where a condition does not hold."""
    if not holds:
        raise NotAsItShouldBe(otherwise)


@dataclass(frozen=True)
class Output:
    """The messages of one run."""

    command: str
    messages: Sequence[Mapping[str, Any]]

    def of_type(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """What messages of one type carry, in order."""
        key = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
        return (message[key] for message in self.messages if message["type"] == kind)

    def only(self, kind: str) -> Mapping[str, Any]:
        """What the one message of a type carries."""
        found = list(self.of_type(kind))
        expect(len(found) == 1, f"{self.command}: {len(found)} {kind} messages, not one")
        return found[0]

    def records(self) -> Counter[str]:
        """How many records each stream has."""
        return Counter(record["stream"] for record in self.of_type("RECORD"))

    def state(self) -> list[Mapping[str, Any]]:
        """The newest state of each stream, as a platform gives it to the next sync."""
        newest = {state["stream"]["stream_descriptor"]["name"]: state for state in self.of_type("STATE")}
        return [{"type": state["type"], "stream": state["stream"]} for state in newest.values()]


@dataclass(frozen=True)
class Image:
    """The image, how to run it, and the folder it finds its files in."""

    name: str
    run_command: Sequence[str]
    folder: Path
    url: str

    def write(self, name: str, content: object) -> str:
        """Write a file that the image's user may read; returns its path inside the container."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        path.chmod(0o644)
        return f"{MOUNT}/{name}"

    def run(self, *arguments: str) -> Output:
        """One command of the connector; it must end with status 0, without an error, in time."""
        started = time.monotonic()
        addresses = [f"--env={name}={self.url}" for name in ("HOTMART_API_URL", "HOTMART_AUTH_URL")]
        mount = f"--volume={self.folder}:{MOUNT}:ro"
        done = subprocess.run(
            [*self.run_command, mount, *addresses, self.name, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            timeout=RUN_SECONDS,
        )
        output = Output(arguments[0], list(_messages(done.stdout)))
        errors = [trace["error"]["message"] for trace in output.of_type("TRACE") if trace["type"] == "ERROR"]
        expect(not errors, f"{output.command}: {'; '.join(map(str, errors))}")
        expect(done.returncode == 0, f"{output.command}: exit status {done.returncode}")
        print(f"image: {output.command} in {time.monotonic() - started:.1f} s", flush=True)
        return output


def _messages(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            raise NotAsItShouldBe(f"a line on stdout that is no message: {line[:200]}") from None


def configure(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Every stream of a discovered catalog, incremental where it can be."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental" if "incremental" in stream["supported_sync_modes"] else "full_refresh",
                "destination_sync_mode": "append_dedup",
                "cursor_field": stream.get("default_cursor_field", []),
                "primary_key": stream["source_defined_primary_key"],
            }
            for stream in catalog["streams"]
        ]
    }


def check_labels(name: str, inspect_command: Sequence[str]) -> None:
    """The labels that a platform reads say what metadata.yaml says; tells the size, which is for people."""
    told = subprocess.run([*inspect_command, name], check=True, stdout=subprocess.PIPE, timeout=RUN_SECONDS).stdout
    (image,) = json.loads(told)
    labels = (image.get("Config") or image)["Labels"]
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["data"]
    expected = {
        "io.airbyte.name": metadata["dockerRepository"],
        "io.airbyte.version": metadata["dockerImageTag"],
    }
    found = {label: labels.get(label) for label in expected}
    expect(found == expected, f"labels: {found}, not {expected}")
    print(f"image: {image['Size'] / 1e6:.0f} MB, its base included")


def check_image(image: Image, account: Mapping[str, str]) -> None:
    """The four commands, and a second read from the state of the first."""
    spec = image.run("spec").only("SPEC")
    expect("client_id" in spec["connectionSpecification"]["properties"], "spec: no field client_id")

    settings = {
        "client_id": account["client_id"],
        "client_secret": account["client_secret"],
        "token": account["token"],
        "start_date": account["start_date"],
        "members_area_subdomain": account["subdomain"],
    }
    config = image.write("config.json", settings)
    status = image.run("check", "--config", config).only("CONNECTION_STATUS")
    expect(status["status"] == "SUCCEEDED", f"check: {status}")
    refused = image.write("refused.json", {**settings, "client_id": "somebody-else"})
    status = image.run("check", "--config", refused).only("CONNECTION_STATUS")
    expect(status["status"] == "FAILED", f"check of another credential: {status}")

    catalog = image.run("discover", "--config", config).only("CATALOG")
    offered = {stream["name"] for stream in catalog["streams"]}
    expect(offered == STREAMS, f"discover: other streams than the configured catalog has: {sorted(offered ^ STREAMS)}")

    read = ("read", "--config", config, "--catalog", image.write("catalog.json", configure(catalog)))
    first = image.run(*read)
    without = STREAMS - first.records().keys()
    expect(not without, f"read: no records of {sorted(without)}")
    expect(bool(first.state()), "read: no STATE")

    second = image.run(*read, "--state", image.write("state.json", first.state()))
    expect(bool(second.state()), "second read: no STATE")
    expect(
        second.records().total() < first.records().total(),
        "second read: the saved state has spared nothing",
    )
    print(f"image: {first.records().total()} records, and {second.records().total()} from the saved state")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulator", type=Path, required=True, help="the line the simulator printed")
    parser.add_argument("--run", default="docker run --rm --network host", help="what runs an image")
    parser.add_argument("--inspect", help="what prints an image's description as JSON; its labels are checked then")
    parser.add_argument("image")
    arguments = parser.parse_args()
    account = json.loads(arguments.simulator.read_text())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        image = Image(arguments.image, shlex.split(arguments.run), Path(folder), account["url"])
        try:
            if arguments.inspect:
                check_labels(arguments.image, shlex.split(arguments.inspect))
            check_image(image, account)
        except (NotAsItShouldBe, subprocess.SubprocessError) as problem:
            print(f"image: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Run the image as a platform does: its labels, the four commands, and a second read from the state of the first."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from tools.demo.simulator_process import SimulatorProcess
from tools.harness import loaded
from tools.image.container import RUN_SECONDS, Container, Output, configured, expect
from tools.rows import difference

ROOT: Final = Path(__file__).parent.parent.parent
STREAMS: Final = frozenset(
    item["stream"]["name"]
    for item in json.loads((ROOT / "integration_tests/configured_catalog.json").read_text("utf-8"))["streams"]
)
"""Every stream of an account with a members area."""


def check_labels(image: str, inspect_command: Sequence[str]) -> None:
    """Compare the labels with metadata.yaml and the git checkout, and print the size."""
    output = subprocess.run([*inspect_command, image], check=True, stdout=subprocess.PIPE, timeout=RUN_SECONDS).stdout
    (described,) = json.loads(output)
    labels = (described.get("Config") or described)["Labels"]
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text("utf-8"))["data"]
    expected = {
        "io.airbyte.name": metadata["dockerRepository"],
        "io.airbyte.version": metadata["dockerImageTag"],
        "org.opencontainers.image.title": metadata["dockerRepository"].split("/")[-1],
        "org.opencontainers.image.version": metadata["dockerImageTag"],
        "org.opencontainers.image.licenses": metadata["license"],
    }
    found = {label: labels.get(label) for label in expected}
    expect(found == expected, f"labels: {found}, not {expected}")
    revision, source = (labels.get(f"org.opencontainers.image.{name}", "") for name in ("revision", "source"))
    expect(bool(re.fullmatch("[0-9a-f]{40}|unknown", revision)), f"labels: the revision is {revision!r}")
    expect(bool(re.fullmatch("https://[^@]+|unknown", source)), f"labels: the source is {source!r}")
    print(f"platform: {described['Size'] / 1e6:.0f} MB, its base included")


def check_commands(container: Container, simulator: SimulatorProcess) -> None:
    """Spec, check with good and with wrong settings, discover, and two reads."""
    settings = simulator.config
    spec = _timed(container, "spec").only("SPEC")
    expect("client_id" in spec["connectionSpecification"]["properties"], "spec: no field client_id")

    config = container.write("config.json", settings)
    status = _timed(container, "check", "--config", config).only("CONNECTION_STATUS")
    expect(status["status"] == "SUCCEEDED", f"check: {status}")
    refused = container.write("refused.json", {**settings, "client_id": "somebody-else"})
    status = _timed(container, "check", "--config", refused).only("CONNECTION_STATUS")
    expect(status["status"] == "FAILED", f"check of another credential: {status}")

    catalog = _timed(container, "discover", "--config", config).only("CATALOG")
    offered = {stream["name"] for stream in catalog["streams"]}
    expect(offered == STREAMS, f"discover: other streams than the configured catalog has: {sorted(offered ^ STREAMS)}")

    selected = container.write("catalog.json", configured(catalog, incremental=True))
    read = ("read", "--config", config, "--catalog", selected)
    first = _timed(container, *read)
    without = STREAMS - first.records().keys()
    expect(not without, f"read: no records of {sorted(without)}")
    for stream in sorted(STREAMS):
        # Other streams are read in between, so a subscription may be a day older by now.
        is_older = stream == "subscription_summary"
        rows = first.as_run().records(stream)
        found = difference(stream, simulator.expected(stream), rows, after_increments=is_older)
        expect(not found, f"read: {found}")
    expect(bool(first.state()), "read: no STATE")

    second = _timed(container, *read, "--state", container.write("state.json", first.state()))
    expect(bool(second.state()), "second read: no STATE")
    expect(
        second.records().total() < first.records().total(),
        "second read: the saved state has spared nothing",
    )
    warehouse = loaded(first.as_run(), second.as_run())
    for stream in sorted(STREAMS):
        rows = list(warehouse.rows[stream].values())
        found = difference(stream, simulator.expected(stream), rows, after_increments=True)
        expect(not found, f"both reads: {found}")
    print(f"platform: {first.records().total()} records, and {second.records().total()} from the saved state")


def _timed(container: Container, *arguments: str) -> Output:
    began_s = time.monotonic()
    output = container.run(*arguments)
    print(f"platform: {output.command} in {time.monotonic() - began_s:.1f} s", flush=True)
    return output

"""Run Airbyte's own QA checks on a copy of this repository in the layout of Airbyte's monorepo.

    .venv-qa/bin/python -m tools.qa          # make qa

Run every check of `airbyte-ops local connector qa` and compare the results with the table in
docs/development/qa.md, which explains why a check does not pass. Exit with 1 if they differ. No network is needed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = "docs/development/qa.md"
CONNECTOR: Final = "source-hotmart"

STRICTEST: Final = "\n  ab_internal:\n    ql: 400\n    sl: 300\n"
"""Airbyte checks the content of pages only for connectors of this level, so the copy claims it."""

NEEDS_NETWORK: Final[Mapping[str, str]] = {
    "CheckVersionIncrement": "compares with the version on the default branch of Airbyte's repository",
    "CheckDocumentationLinks": "opens every link of the page",
}

ASK_DOCKER_HUB: Final = {"validate_metadata_base_images_in_dockerhub", "validate_docker_image_tag_is_not_decremented"}
TAKES_THE_FIRST_RELEASE_FOR_A_BREAKING_ONE: Final = {"validate_major_version_bump_has_breaking_change_entry"}
PARTS_LEFT_OUT: Final = ASK_DOCKER_HUB | TAKES_THE_FIRST_RELEASE_FOR_A_BREAKING_ONE
"""Parts of ValidateMetadata to skip, so that its other parts can pass. docs/development/qa.md names them."""


def monorepo(folder: Path) -> None:
    """Copy the files that git tracks, or would add, to their place in Airbyte's repository."""
    connector = folder / "airbyte-integrations" / "connectors" / CONNECTOR
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (connector / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, connector / name)
    with (connector / "metadata.yaml").open("a", encoding="utf-8") as metadata:
        metadata.write(STRICTEST)
    page = folder / "docs" / "integrations" / "sources" / "hotmart.md"
    page.parent.mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "hotmart.md", page)
    for command in ("init", "-c user.name=qa -c user.email=qa@localhost commit --allow-empty --message=copy"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True, capture_output=True)


def results() -> dict[str, tuple[str, str]]:
    """Return the result and message of each check, for the connector in the current folder."""
    from airbyte_ops_mcp.connector_ops.utils import Connector
    from airbyte_ops_mcp.connector_qa.checks import ENABLED_CHECKS
    from airbyte_ops_mcp.connector_qa.checks import metadata as metadata_checks

    metadata_checks.PRE_UPLOAD_VALIDATORS = [
        validator for validator in metadata_checks.PRE_UPLOAD_VALIDATORS if validator.__name__ not in PARTS_LEFT_OUT
    ]

    Connector.is_released = False  # needs a request to the registry
    connector = Connector(CONNECTOR)
    found: dict[str, tuple[str, str]] = {}
    for check in ENABLED_CHECKS:
        name = type(check).__name__
        if name in NEEDS_NETWORK:
            found[name] = ("not run", NEEDS_NETWORK[name])
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            result = check.run(connector)
        found[name] = (result.status.name.lower(), result.message)
    return found


def documented() -> dict[str, str]:
    """Return the result of each check in docs/development/qa.md."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", text, re.MULTILINE))


def main() -> int:
    """Run all checks, print a line for each, and compare."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="hotmart-qa-") as name:
        folder = Path(name)
        monorepo(folder)
        before = Path.cwd()
        os.chdir(folder)
        try:
            found = results()
        finally:
            os.chdir(before)
    for check, (status, message) in found.items():
        print(f"qa: {status:8} {check}: {' '.join(message.split())}")
    expected = documented()
    different = sorted(
        check for check in found.keys() | expected.keys() if expected.get(check) != found.get(check, ("",))[0]
    )
    if different:
        print(f"qa: {PAGE} says something else of {', '.join(different)}", file=sys.stderr)
        return 1
    passed = sum(status == "passed" for status, _ in found.values())
    print(f"qa: {passed} of {len(found)} checks pass; {PAGE} says why the others do not")
    return 0


if __name__ == "__main__":
    sys.exit(main())

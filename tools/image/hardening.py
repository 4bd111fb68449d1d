"""Check the content of the image, and that it runs in a container without any privilege."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tools.image.container import Container, configured, expect

CONFINED: Final = (
    *("--read-only", "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m"),
    *("--cap-drop=ALL", "--security-opt=no-new-privileges"),
)
"""Options that drop all capabilities and leave one writable folder, for temporary files, without execute permission."""
TEMPORARY: Final = {"/tmp", "/var/tmp", "/run"}
"""Writable folders in a confined container. Some tools mount the last two for it."""
ANOTHER_USER: Final = 54_321
"""A user that the image does not define, as in `docker run --user "$(id -u):$(id -g)"`."""
PYTHON: Final = "/opt/source-hotmart/bin/python3"


def check_confined(container: Container, settings: Mapping[str, str]) -> None:
    """Inspect the image, and read without privileges."""
    confined = replace(container, limits=(*container.limits, *CONFINED))
    look_inside(confined)
    read_confined(confined, settings)
    check_private_settings(confined, settings)


def look_inside(container: Container) -> None:
    """Check the content of the image and the permissions of its user."""
    program = Path(__file__).with_name("contents.py").read_text("utf-8")
    found = json.loads(container.stdout_of("-c", program, entrypoint=PYTHON))
    for what, paths in found["amiss"].items():
        expect(not paths, f"{what}: {', '.join(paths[:5])}")
    holds = found["user"] and not found["capabilities"]
    expect(bool(holds), f"user {found['user']} with the capabilities {found['capabilities']:x}")
    expect(set(found["writable"]) <= TEMPORARY, f"the user can write to {', '.join(found['writable'])}")
    print(f"hardening: user {found['user']} without capabilities, who can write to {', '.join(found['writable'])}")


def check_private_settings(container: Container, settings: Mapping[str, str]) -> None:
    """Check that a user unknown to the image can read settings that only this user may read."""
    path = container.write("private.json", settings)
    private = container.folder / Path(path).name
    user = os.getuid() or ANOTHER_USER
    if user == ANOTHER_USER:
        os.chown(private, user, user)
    private.chmod(0o600)
    container = replace(container, limits=(*container.limits, f"--user={user}:{user}"))
    options = ("--config", path)
    status = container.run("check", *options).only("CONNECTION_STATUS")
    expect(status["status"] == "SUCCEEDED", f"check as user {user}: {status}")
    catalog = configured(container.run("discover", *options).only("CATALOG"), incremental=False)
    catalog["streams"] = [item for item in catalog["streams"] if item["stream"]["name"] == "products"]
    read = container.run("read", *options, "--catalog", container.write("catalog.json", catalog)).records()
    expect(bool(read), f"read as user {user}: no records")
    print(f"hardening: check, discover and read as user {user}, with settings that nobody else may read")


def read_confined(container: Container, settings: Mapping[str, str]) -> None:
    """Check that the four commands work on a read-only root file system, without capabilities."""
    container.run("spec")
    options = ("--config", container.write("config.json", settings))
    status = container.run("check", *options).only("CONNECTION_STATUS")
    expect(status["status"] == "SUCCEEDED", f"check: {status}")
    catalog = configured(container.run("discover", *options).only("CATALOG"), incremental=False)
    read = container.run("read", *options, "--catalog", container.write("catalog.json", catalog)).records()
    missing = {item["stream"]["name"] for item in catalog["streams"]} - read.keys()
    expect(not missing, f"read: no records of {sorted(missing)} when confined")
    print(f"hardening: spec, check, discover and read of {len(read)} streams on a read-only root file system")

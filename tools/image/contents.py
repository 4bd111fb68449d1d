"""Inspect the image from inside with its own Python. Print a line of JSON for `hardening.py` to check.

This module needs only the standard library, because the image contains no other part of the tests.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

HOME = Path("/opt/source-hotmart")
COMPILERS = {"cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "rustc", "cargo", "go"}
TESTS = {
    "tests",
    "unit_tests",
    "integration_tests",
    "hotmart_simulator",
    "tools",
    "conftest.py",
    "pytest",
    "hypothesis",
}
TOOLS = {"pip", "pip3", "ensurepip", "poetry", "uv", "mypy", "ruff"}
"""Development tools that should be neither commands nor Python packages of the image."""
LEFT_OUT = {"unidecode", "grpc", "numpy", "pandas"}
"""Some packages of requirements/left-out.txt, by the names of their folders."""
CACHES = {".cache/pip", ".cache/uv", ".cache/pypoetry"}
BINARIES = {"bin", "sbin"}
NOT_OF_THE_IMAGE = {"/proc", "/sys", "/dev", "/secrets"}


def folders() -> Iterator[tuple[Path, list[Path]]]:
    """Yield every folder of the image with its content."""
    for name, inner, files in os.walk("/"):
        folder = Path(name)
        inner[:] = [child for child in inner if str(folder / child) not in NOT_OF_THE_IMAGE]
        yield folder, [folder / child for child in (*inner, *files)]


def can_write(folder: Path) -> bool:
    """Whether a file can be created in a folder. Permissions alone do not reveal a read-only file system."""
    probe = folder / ".written"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError:
        return False
    return True


def belongs_to_user(path: Path) -> bool:
    """Whether this user could change a file if the file system were writable."""
    about = path.lstat()
    return not stat.S_ISLNK(about.st_mode) and (about.st_uid == os.getuid() or bool(about.st_mode & stat.S_IWOTH))


def has_rights_of_another_user(path: Path) -> bool:
    """Whether a program runs with the rights of its owner or group (setuid or setgid), like su."""
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) and bool(mode & (stat.S_ISUID | stat.S_ISGID))


def is_of_python(folder: Path) -> bool:
    """Whether a folder holds packages of a Python."""
    return folder.name in ("site-packages", "dist-packages") or folder.name.startswith("python3")


def effective_capabilities() -> int:
    """Return the effective capabilities of this process as bits."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))


def main() -> None:
    """Walk through the image once."""
    amiss: dict[str, list[str]] = defaultdict(list)
    writable = []
    for folder, paths in folders():
        ours = folder.is_relative_to(HOME)
        if can_write(folder):
            writable.append(str(folder))
        for path in paths:
            if ours and belongs_to_user(path):
                amiss["the connector's files that its user may change"].append(str(path))
            if ours and path.name in TESTS:
                amiss["tests"].append(str(path))
            if ours and path.name in LEFT_OUT:
                amiss["packages that no command imports"].append(str(path))
            if path.name in TOOLS and (folder.name in BINARIES or is_of_python(folder)):
                amiss["tools of developers"].append(str(path))
            if has_rights_of_another_user(path):
                amiss["programs that run as another user or group"].append(str(path))
            if path.name in COMPILERS and folder.name in BINARIES and os.access(path, os.X_OK):
                amiss["compilers"].append(str(path))
            if path.suffix == ".whl" or "/".join(path.parts[-2:]) in CACHES:
                amiss["caches of packages"].append(str(path))
    found = {"user": os.getuid(), "capabilities": effective_capabilities(), "writable": writable, "amiss": amiss}
    print(json.dumps(found), file=sys.stdout)


if __name__ == "__main__":
    main()

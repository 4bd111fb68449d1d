"""Check the contents of wheel and sdist, and that each runs in an otherwise empty environment."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from poetry.core.masonry import api

PACKAGE: Final = "source_hotmart"
SDIST_BESIDES: Final = frozenset({"LICENSE", "PKG-INFO", "pyproject.toml"})


class NotReleasable(Exception):
    """A package has mistakes. The text lists them."""


def build(root: Path, folder: Path) -> tuple[Path, Path]:
    """Build the wheel and the sdist with the tool that pyproject.toml names, and return both."""
    before = Path.cwd()
    os.chdir(root)  # where poetry-core looks for pyproject.toml
    try:
        return folder / api.build_wheel(str(folder)), folder / api.build_sdist(str(folder))
    finally:
        os.chdir(before)


def package_files(root: Path) -> set[str]:
    """Return the files that belong in both packages: the code, the form and the schemas."""
    files = (path for path in (root / PACKAGE).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix() for path in files}


def surprises(root: Path, wheel: Path, sdist: Path) -> Iterator[str]:
    """Yield one sentence for each file that is missing from a package or does not belong there."""
    expected = package_files(root)
    in_wheel = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    for package, found, wanted in (("wheel", in_wheel, expected), ("sdist", in_sdist, expected | SDIST_BESIDES)):
        yield from (f"the {package} lacks {name}" for name in sorted(wanted - found))
        yield from (f"the {package} carries {name}" for name in sorted(found - wanted))


class EmptyEnvironment:
    """A new environment with the locked dependencies, to install one package after the other."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._run(sys.executable, "-m", "venv", folder / "venv")
        for name in ("main", "build"):
            requirements = root / "requirements" / f"{name}.txt"
            self._pip("install", "--require-hashes", "--only-binary", ":all:", "--requirement", requirements)

    def try_out(self, package: Path) -> None:
        """Install a package in place of the previous one, and run the connector's `spec` with it."""
        # Without the index: the locked dependencies must be sufficient.
        self._pip("install", "--force-reinstall", "--no-deps", "--no-index", "--no-build-isolation", package)
        self._pip("check")
        printed = self._run(self._folder / "venv/bin/source-hotmart", "spec").splitlines()
        specs = [message["spec"] for message in map(json.loads, printed) if message["type"] == "SPEC"]
        form = json.loads((self._root / PACKAGE / "spec.json").read_text(encoding="utf-8"))
        if [spec["connectionSpecification"] for spec in specs] != [form["connectionSpecification"]]:
            raise NotReleasable(f"{package.name}: source-hotmart spec did not print the form: {printed}")

    def _pip(self, *arguments: str | Path) -> None:
        self._run(self._folder / "venv/bin/python", "-m", "pip", "--quiet", *arguments)

    def _run(self, *command: str | Path) -> str:
        # In a folder of its own, so that nothing of the repository can be imported.
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True)
        if done.returncode:
            shown = " ".join(map(str, command))
            raise NotReleasable(f"{shown} ended with status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout


def check(root: Path) -> None:
    """Build both packages, check their files, install and run each. Raise `NotReleasable` with every mistake found."""
    with tempfile.TemporaryDirectory(prefix="hotmart-release-") as name:
        folder = Path(name)
        packages = build(root, folder)
        wrong = list(surprises(root, *packages))
        if wrong:
            raise NotReleasable("; ".join(wrong))
        environment = EmptyEnvironment(root, folder)
        for package in packages:
            environment.try_out(package)

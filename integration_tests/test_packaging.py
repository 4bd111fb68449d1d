"""The packages have the files of the connector only, and git tracks no credentials."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.release.package import build, package_files, surprises

ROOT = Path(__file__).parent.parent


def test_both_packages_contain_only_code_spec_and_schemas(tmp_path):
    packages = build(ROOT, tmp_path)

    assert {"source_hotmart/spec.json", "source_hotmart/schemas/products.json"} <= package_files(ROOT)
    assert list(surprises(ROOT, *packages)) == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_git_tracks_no_credentials():
    files = ["README.md", "config.example.json", "config.json", "config.json.bak", "more/config.json"]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *(f"secrets/{file}" for file in files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    tracked = subprocess.run(
        ["git", "ls-files", "secrets"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert ignored == ["secrets/config.json", "secrets/config.json.bak", "secrets/more/config.json"]
    assert set(tracked) <= {"secrets/README.md", "secrets/config.example.json"}

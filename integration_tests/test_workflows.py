"""The files for GitHub and pre-commit are valid, and run only existing make targets."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from unit_tests.test_workflows import GITHUB, ROOT, WORKFLOWS, commands, loaded

SCHEMAS = [
    *(("vendor.github-workflows", path) for path in WORKFLOWS),
    *(("custom.github-workflows-require-timeout", path) for path in WORKFLOWS),
    ("vendor.dependabot", GITHUB / "dependabot.yml"),
    *(("vendor.github-issue-forms", path) for path in sorted((GITHUB / "ISSUE_TEMPLATE").iterdir())),
]
RUNNER = {"GITHUB_REPOSITORY": "Some-Shop/Hotmart", "GITHUB_REF_NAME": "v9.8.7"}
"""Variables that GitHub sets, for an owner with capitals, which its container registry rejects."""


def planned(command: str) -> subprocess.CompletedProcess[str]:
    """Return what make would run on a GitHub runner, using a dry run."""
    environment = {"PATH": os.environ["PATH"], "MAKEFLAGS": "n", **RUNNER}
    return subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(("schema", "path"), SCHEMAS, ids=lambda value: getattr(value, "name", value))
def test_each_github_file_matches_its_schema(schema, path):
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


def test_the_pre_commit_hooks_are_valid():
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("command", commands())
def test_each_step_runs_an_existing_make_target(command):
    assert re.fullmatch(r"make [a-z-]+( [A-Z]+=\S+)*", command)

    done = planned(command)

    assert done.returncode == 0, done.stderr


def test_a_release_pushes_a_multi_architecture_image_with_provenance():
    (command,) = [command for command in commands() if "image-push" in command]

    build = planned(command).stdout.split()

    assert {"--push", "--sbom=true", "--provenance=mode=max", "linux/amd64,linux/arm64"} <= set(build)
    assert build[build.index("--tag") + 1] == "ghcr.io/some-shop/hotmart:9.8.7"


def test_a_release_checks_its_tag_and_waits_for_the_tests():
    release = loaded(GITHUB / "workflows" / "release.yml")["jobs"]
    (check,) = [command for command in commands() if "release-check TAG" in command]

    assert '--tag "v9.8.7"' in planned(check).stdout
    assert release["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert set(release["image"]["needs"]) == {"tests", "check"}
    assert release["packages"]["needs"] == "image"

"""The files for GitHub, pre-commit and editors are valid, and run only existing make targets."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").iterdir())


def loaded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in loaded(path)["jobs"].items():
            yield f"{path.stem}: {name}", job


def commands() -> list[str]:
    """Return each line that a workflow or a hook runs."""
    steps = [step for _, job in jobs() for step in job.get("steps", ())]
    lines = [line for step in steps for line in step.get("run", "").splitlines()]
    hooks = [hook for repo in loaded(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    return list(dict.fromkeys([*lines, *(hook["entry"] for hook in hooks)]))


def test_workflows_run_the_required_make_targets():
    targets = {command.split()[1] for command in commands()}

    assert targets >= {"test", "lint", "docs", "flips", "audit", "audit-online", "test-ecosystem", "qa"}
    assert targets >= {"release-check", "image", "image-test", "image-push", "packages", "release-publish"}


def test_every_action_is_pinned_to_a_commit():
    lines = [line.strip(" -") for path in WORKFLOWS for line in path.read_text("utf-8").splitlines()]
    used = [line.removeprefix("uses: ") for line in lines if line.startswith("uses:")]
    foreign = [action for action in used if not action.startswith("./")]

    assert foreign
    assert not [action for action in foreign if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)]
    assert len({action.partition("@")[0] for action in foreign}) == len(set(foreign)), "an action in two versions"


def test_only_release_jobs_have_write_permission():
    assert [loaded(path)["permissions"] for path in WORKFLOWS] == [{"contents": "read"}] * len(WORKFLOWS)
    assert {name: job["permissions"] for name, job in jobs() if "permissions" in job} == {
        "release: image": {"contents": "read", "packages": "write"},
        "release: packages": {"contents": "write"},
    }


def test_checkouts_do_not_persist_credentials():
    clones = [
        step
        for _, job in jobs()
        for step in job.get("steps", ())
        if step.get("uses", "").startswith("actions/checkout@")
    ]

    assert clones
    assert all(clone["with"] == {"persist-credentials": False} for clone in clones)


def test_project_files_contain_no_hard_coded_addresses():
    paths = [ROOT / "SECURITY.md", ROOT / ".pre-commit-config.yaml", *GITHUB.rglob("*.yml")]
    for path in paths:
        text = path.read_text("utf-8")
        assert "://" not in text, path
        assert not re.search(r"\b(ghcr\.io|github\.com|docker\.io)/(?!\$)", text), path


def test_dependabot_updates_each_kind_of_dependency():
    watched = {
        update["package-ecosystem"]: update["directory"] for update in loaded(GITHUB / "dependabot.yml")["updates"]
    }

    assert watched == {"pip": "/", "github-actions": "/", "docker": "/", "npm": "/tools/form_picture"}
    assert {str(path.parent) for path in ROOT.glob("tools/*/package.json")} == {str(ROOT / "tools/form_picture")}


def test_the_issue_form_has_the_required_fields():
    (path,) = (GITHUB / "ISSUE_TEMPLATE").iterdir()
    fields = {field["id"]: field for field in loaded(path)["body"] if "id" in field}
    (promise,) = fields["data"]["attributes"]["options"]

    assert {"version", "stream", "log", "data"} <= fields.keys()
    assert promise["required"]


def test_the_editor_line_length_matches_ruff():
    editor = configparser.ConfigParser()
    editor.read_string("[top]\n" + (ROOT / ".editorconfig").read_text("utf-8"))
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]

    assert editor["*"].getint("max_line_length") == ruff["line-length"]
    assert editor["Makefile"]["indent_style"] == "tab"

"""Package metadata agrees in all files, and the installed versions are those of the lock file."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tools.release.version import PLACES, disagreements, set_version

ROOT = Path(__file__).parent.parent
GROUPS_OF_FILE = {
    "main.txt": {"main"},
    "build.txt": {"build"},
    "demo.txt": {"demo", "build"},
    "dev.txt": {"main", "dev", "demo", "build"},
}


def text(path: str) -> str:
    return (ROOT / path).read_text()


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads(text("pyproject.toml"))


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(text("metadata.yaml"))
    return content


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return tomllib.loads(text("poetry.lock"))


def dockerfile_value(pattern: str) -> str:
    found = re.findall(pattern, text("Dockerfile"), re.MULTILINE)
    assert len(found) == 1, f"Dockerfile: {pattern} is there {len(found)} times"
    return str(found[0])


def test_the_metadata_is_valid_for_airbyte(metadata):
    models = pytest.importorskip(
        "airbyte_connector_models.metadata.v0.connector_metadata_definition_v0",
        reason="no release of airbyte-connector-models takes this Python",
    )

    models.ConnectorMetadataDefinitionV0.model_validate(metadata)


def test_the_version_is_the_same_everywhere():
    assert list(disagreements(ROOT)) == []


def test_set_version_updates_all_files_but_the_changelogs(tmp_path):
    for place in PLACES:
        (tmp_path / place.path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / place.path, tmp_path / place.path)

    set_version(tmp_path, "98.7.6")

    assert {place.path: place.version(tmp_path) == "98.7.6" for place in PLACES} == {
        "pyproject.toml": True,
        "metadata.yaml": True,
        "Dockerfile": True,
        "docs/hotmart-skill.md": True,
        "CHANGELOG.md": False,
        "docs/hotmart.md": False,
    }
    assert [sentence.partition(" names")[0] for sentence in disagreements(tmp_path)] == [
        "CHANGELOG.md",
        "docs/hotmart.md",
    ]


def test_the_name_is_the_same_everywhere(pyproject, metadata):
    repository = metadata["data"]["dockerRepository"]
    connector = repository.split("/")[-1]

    assert dockerfile_value(r"io\.airbyte\.name=(\S+)") == repository
    assert pyproject["tool"]["poetry"]["name"] == f"airbyte-{connector}"
    assert metadata["data"]["remoteRegistries"]["pypi"]["packageName"] == f"airbyte-{connector}"
    assert pyproject["tool"]["poetry"]["scripts"] == {connector: "source_hotmart.run:run"}
    assert dockerfile_value(r"AIRBYTE_ENTRYPOINT=(\S+)").endswith(f"/bin/{connector}")
    assert json.loads(dockerfile_value(r"^ENTRYPOINT (.+)$")) == [dockerfile_value(r"AIRBYTE_ENTRYPOINT=(\S+)")]


def test_the_licence_is_the_same_everywhere(pyproject, metadata):
    assert pyproject["tool"]["poetry"]["license"] == metadata["data"]["license"] == "MIT"
    assert text("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 source-hotmart contributors\n")


def test_the_base_image_is_pinned_by_its_digest(metadata):
    base_image = metadata["data"]["connectorBuildOptions"]["baseImage"]

    # Dependabot updates a base image only if FROM names it.
    assert dockerfile_value(r"^FROM (\S+[.:/]\S+)") == base_image
    assert re.fullmatch(r"docker\.io/airbyte/python-connector-base:[\d.]+@sha256:[0-9a-f]{64}", base_image)


def test_the_icon_is_a_square_svg(metadata):
    icon = ElementTree.fromstring(text(metadata["data"]["icon"]))

    assert icon.tag == "{http://www.w3.org/2000/svg}svg"
    assert icon.get("width") == icon.get("height")


def test_the_lock_file_matches_pyproject(pyproject, lock):
    # Same calculation as poetry's for a [tool.poetry] file (Locker._get_content_hash). A missing value counts as null.
    poetry = pyproject["tool"]["poetry"]
    keys = ("dependencies", "source", "extras", "dev-dependencies", "group")
    relevant = json.dumps({key: poetry.get(key) for key in keys}, sort_keys=True)

    assert hashlib.sha256(relevant.encode()).hexdigest() == lock["metadata"]["content-hash"], "run make lock"


def pins_of_lock(lock: Mapping[str, Any], groups: set[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for package in lock["package"]:
        if groups & set(package["groups"]):
            yield (
                f"{package['name']}=={package['version']}",
                frozenset(file["hash"] for file in package["files"]),
            )


def pins_of_export(content: str) -> Iterator[tuple[str, frozenset[str]]]:
    for requirement in content.replace("\\\n", " ").splitlines():
        pin, _, rest = requirement.partition(" ")
        yield pin, frozenset(re.findall(r"--hash=(\S+)", rest))


@pytest.mark.parametrize("name", GROUPS_OF_FILE)
def test_the_requirements_match_the_lock_file(name, lock):
    exported = dict(pins_of_export(text(f"requirements/{name}")))

    assert exported == dict(pins_of_lock(lock, GROUPS_OF_FILE[name])), "run make lock"
    assert all(exported.values()), "a requirement without a hash"


@pytest.mark.parametrize("name", ["audit", "bench", "dbt", "ecosystem", "qa"])
def test_tool_requirements_are_pinned_with_hashes(name):
    asked = re.findall(r"^([a-z-]+)[^#\n]*$", text(f"requirements/{name}.in"), re.MULTILINE)
    without_comments_and_extras = re.sub(r"^ *#.*\n|\[.*?\]", "", text(f"requirements/{name}.txt"), flags=re.MULTILINE)
    pins = dict(pins_of_export(without_comments_and_extras))

    assert asked
    assert set(asked) <= {pin.partition("==")[0] for pin in pins}, "run uv pip compile, see CONTRIBUTING.md"
    assert all("==" in pin and hashes for pin, hashes in pins.items())


def test_lock_and_requirements_name_no_package_index():
    others = ("audit.txt", "bench.txt", "dbt.txt", "ecosystem.txt", "qa.txt")
    for path in ("poetry.lock", *(f"requirements/{name}" for name in (*GROUPS_OF_FILE, *others))):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links|\[package\.source\]", text(path)), path


def test_the_docker_build_context_is_an_allow_list():
    rules = [line for line in text(".dockerignore").splitlines() if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert [rule[1:] for rule in rules if rule.startswith("!")] == [
        "LICENSE",
        "pyproject.toml",
        "requirements/build.txt",
        "requirements/image.txt",
        "source_hotmart",
    ]


@pytest.mark.parametrize("path", ["integration_tests/sample_config.json", "secrets/config.example.json"])
def test_example_settings_match_the_form(path):
    form = json.loads(text("source_hotmart/spec.json"))["connectionSpecification"]
    settings = json.loads(text(path))

    assert set(form["required"]) <= settings.keys() <= form["properties"].keys()

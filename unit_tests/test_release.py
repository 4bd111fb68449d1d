"""A release publishes only if its tag, version and changelog agree."""

from __future__ import annotations

import pytest

from tools.release.notes import mistakes_of_tag, release_notes

CHANGELOG = "# Changelog\n\n## 2.0.0\n\n- New.\n- Newer.\n\n## 1.9.0\n\n- Old.\n"


@pytest.fixture
def clone(tmp_path):
    """Return a folder with the files that a release reads, for version 2.0.0."""
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nversion = "2.0.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_release_notes_are_the_changelog_entries_of_the_version(clone):
    assert release_notes(clone) == "- New.\n- Newer.\n"


@pytest.mark.parametrize("changelog", ["# Changelog\n", "## 2.0.0\n\n## 1.9.0\n\n- Old.\n"])
def test_a_version_without_entries_is_rejected(clone, changelog):
    (clone / "CHANGELOG.md").write_text(changelog)

    with pytest.raises(ValueError, match="nothing under 2\\.0\\.0"):
        release_notes(clone)


def test_a_tag_that_differs_from_the_version_is_reported(clone):
    assert list(mistakes_of_tag(clone, "v2.0.0")) == []
    assert list(mistakes_of_tag(clone, "v2.0.1")) == [
        "the tag v2.0.1 is not v2.0.0, the version in pyproject.toml: push the tag v2.0.0"
    ]


def test_unreleased_entries_are_reported(clone):
    (clone / "CHANGELOG.md").write_text(CHANGELOG.replace("## 2.0.0", "## Unreleased\n\n- Left.\n\n## 2.0.0"))

    assert list(mistakes_of_tag(clone, "v2.0.0")) == [
        "CHANGELOG.md has entries under Unreleased: move them to the section of the version"
    ]

"""The page on many accounts matches the example, and its links work."""

from __future__ import annotations

import ast
import re

from unit_tests.test_docs import ROOT, anchors_of

PAGE = ROOT / "docs" / "development" / "scaling.md"
EXAMPLE = ROOT / "examples" / "dagster_accounts.py"
TEXT = PAGE.read_text("utf-8")


def test_link_targets_exist():
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", TEXT) if "://" not in target]

    assert targets
    for target in targets:
        file, _, anchor = target.partition("#")
        assert (PAGE.parent / file).exists(), target
        assert not anchor or anchor in anchors_of(PAGE.parent / file), target


def test_the_command_names_the_example_and_its_job():
    (file, job) = re.findall(r"dagster job execute -f (\S+) -j (\S+)", TEXT)[0]
    functions = [node for node in ast.walk(ast.parse(EXAMPLE.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]

    assert ROOT / file == EXAMPLE
    assert [ast.unparse(item.decorator_list[0]).partition("(")[0] for item in functions if item.name == job] == [
        "dagster.job"
    ]
    assert any(item.name == "find_accounts" for item in functions)


def test_the_documented_concurrency_matches_the_example():
    (number,) = re.findall(r'"max_concurrent": (\d+)', EXAMPLE.read_text("utf-8"))

    assert f"up to {number} at a time" in TEXT
    assert {"5": "Five accounts are read at a time"}[number] in TEXT


def test_the_page_names_existing_files():
    for name in re.findall(r"`((?:examples|integration_tests)/\S+?\.py)`", TEXT):
        assert (ROOT / name).exists(), name

"""The milder variants of known faults work in simulators in this process and in others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.flips import known
from tools.harness import switches

ENTRIES = """
- flip: currency_rows=per_currency
  verdict: silent
  reason: an example
  until_then: one
- flip: page_cap=1
  verdict: loud
  reason: a side that is no default
"""


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A register with two entries. One has a milder variant."""
    file = tmp_path / "known.yaml"
    file.write_text(ENTRIES, encoding="utf-8")
    monkeypatch.setattr(known, "FILE", file)
    known.known.cache_clear()
    yield
    known.known.cache_clear()


@pytest.mark.usefixtures("entries")
def test_milder_variants_become_switches_and_command_line_options() -> None:
    assert known.switch_arguments() == ["--switch", "currency_rows=one"]
    assert switches().currency_rows == "one"
    assert switches(currency_rows="per_currency").currency_rows == "per_currency"
    assert switches().limit_per_minute == 100_000

"""The form and the model accept the same dates and numbers."""

from __future__ import annotations

import json
from calendar import monthrange
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import source_hotmart
from source_hotmart.config.form import Config

SPEC = Path(source_hotmart.__file__).with_name("spec.json")
FORM: dict[str, Any] = json.loads(SPEC.read_text("utf-8"))["connectionSpecification"]["properties"]

DATES = r"20(1[1-9]|2[0-5])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIMES = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?"
ALMOST_DATES = r"20(1[1-9]|2[0-5])[-/]?[0-9]{1,2}[-/]?[0-9]{1,2}"
ALMOST_TIMES = r"[Tt _]?[0-9]{2}:?[0-9]{2}(:[0-9]{2}([.,][0-9]{0,10})?)?(Z|z|UTC|[+-][0-9]{1,2}(:?[0-9]{1,2})?)?"


def accepts(**changes: Any) -> bool:
    """Whether the model accepts these settings with a valid credential."""
    try:
        Config.from_mapping(
            {"client_id": "a", "client_secret": "b", "token": "YTpi", "start_date": "2024-01-01", **changes}
        )
    except AirbyteTracedException:
        return False
    return True


def is_on_the_calendar(text: str) -> bool:
    """Whether the month of a date in the form YYYY-MM-DD has that many days."""
    return int(text[8:10]) <= monthrange(int(text[:4]), int(text[5:7]))[1]


@given(st.from_regex(f"({DATES}|{ALMOST_DATES})({TIMES}|{ALMOST_TIMES})?", fullmatch=True))
@example("2024-02-29")
@example("2023-02-29")
@example("2024-13-01")
@example("2024-01-00")
@example("2024-01-01T23:59:59.999999999+23:59")
@example("2024-01-01T24:00")
@example("2024-01-01T00:60")
@example("2024-01-01T00:00+00:99")
@example("2024-01-01T00:00+24")
@example("2024-01-01T00:00:00.1234567890Z")
def test_the_pattern_and_the_model_accept_the_same_dates(text):
    fits = Draft7Validator(FORM["start_date"]).is_valid(text)

    assert accepts(start_date=text) is (fits and is_on_the_calendar(text))


@given(st.integers(-10, 1_000))
@pytest.mark.parametrize("name", ["lookback_days", "num_workers"])
def test_the_form_and_the_model_accept_the_same_numbers(name, number):
    assert accepts(**{name: number}) is Draft7Validator(FORM[name]).is_valid(number)

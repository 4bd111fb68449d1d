"""Printed texts: without secrets and control characters, limited in length and number."""

from __future__ import annotations

import json
import logging

import pytest

from source_hotmart.api.messages import (
    FEW_OF_A_KIND,
    clean_line,
    forget_secrets,
    hide,
    joined,
    named,
    plain,
    plain_message,
    redact,
)
from unit_tests.secrecy import forms

LOGGER = logging.getLogger("airbyte.hotmart")


@pytest.mark.parametrize("secret", ["token-of-41cb==", "p+/=&% ?#x-9f2c", 'quo"te\\slash-9f2c', "%2B%2F%3D-of-77a1"])
def test_a_secret_is_masked_in_every_form(secret):
    hide(secret)

    for form in {*forms(secret), secret.rstrip("=")}:
        assert plain(f"before {form} after") == "before **** after"


def test_the_longer_of_two_overlapping_secrets_is_masked_whole():
    hide("short-5521")
    hide("short-5521-and-more")

    assert plain("(short-5521-and-more)") == "(****)"


def test_forgotten_secrets_are_no_longer_masked():
    hide("forgotten-81c2")
    forget_secrets()

    assert plain("forgotten-81c2") == "forgotten-81c2"


def test_control_characters_are_replaced_and_lines_are_kept():
    assert plain("a\x1b[31mb\rc\x00\u2028d\u202ee\ud800\nf\tg") == "a\ufffd[31mb\ufffdc\ufffd\ufffdd\ufffde\ufffd\nf\tg"
    assert plain("ação 日本 😀") == "ação 日本 😀"


def test_truncation_leaves_no_part_of_a_secret():
    hide("a-secret-of-many-characters")

    assert len(plain("x" * 10_000_000)) < 5_000
    for length in range(99_970, 100_030):
        assert "a-secret" not in plain("." * length + "a-secret-of-many-characters" + "." * 100, 200_000)


def test_a_name_is_short_and_on_one_line():
    assert named("one\ntwo\r\n\tthree") == "one two three"
    assert named(1_234) == "1234"
    assert len(named("x" * 5_000_000)) < 120


def test_failures_are_joined_without_repetition_and_counted():
    assert joined(["One.", "Two.", "One."]) == "One. Two."
    assert joined(f"{number}." for number in range(1_000)) == "0. 1. 2. 3. 4. 995 more failures."


@pytest.mark.parametrize(
    "message",
    [
        {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": "TEXT"}},
        {"type": "LOG", "log": {"level": "INFO", "message": "TEXT"}},
        {
            "type": "TRACE",
            "trace": {"type": "ERROR", "emitted_at": 1.0, "error": {"message": "TEXT", "stack_trace": "TEXT"}},
        },
    ],
)
def test_every_kind_of_message_is_cleaned(message):
    hide('quo"te-of-8812')
    line = json.dumps(message, separators=(",", ":"))

    cleaned = plain_message(line.replace("TEXT", r"a quo\"te-of-8812 b\u001b[0m"))

    assert json.loads(cleaned) == json.loads(line.replace("TEXT", r"a **** b\ufffd[0m"))


@pytest.mark.parametrize("kind", ["RECORD", "STATE", "SPEC", "CATALOG"])
def test_data_messages_are_not_changed(kind):
    hide("secret-of-6620")
    line = json.dumps({"type": kind, "data": "secret-of-6620 \x1b \u2028"}, separators=(",", ":"))

    assert plain_message(line) is line


def test_repeated_log_lines_are_limited_per_stream(caplog):
    FEW_OF_A_KIND.begin()

    for number in range(1_000):
        LOGGER.warning("%s: Row %d is bad.", "products", number)
        LOGGER.warning(f"progress {number}")
    LOGGER.warning("%s: Row %d is bad.", "coupons", 1)

    lines = [record.getMessage() for record in caplog.records]
    assert sum(line.startswith("products: Row") for line in lines) == 50
    assert sum(line.startswith("progress") for line in lines) == 1_000
    assert "coupons: Row 1 is bad." in lines
    assert FEW_OF_A_KIND.dropped() == [(logging.WARNING, "products: 950 more log lines like these were left out.")]
    FEW_OF_A_KIND.begin()
    assert FEW_OF_A_KIND.dropped() == []


def test_a_traceback_in_the_log_is_cleaned(caplog):
    hide("secret-of-3319")
    caplog.handler.addFilter(clean_line)
    try:
        raise ValueError("secret-of-3319 \x1b[31m")
    except ValueError as failure:
        logging.getLogger("airbyte").critical(failure, exc_info=failure)

    assert "secret-of-3319" not in caplog.text
    assert "\x1b" not in caplog.text
    assert "ValueError: **** \ufffd[31m" in caplog.text


def test_secrets_that_are_added_again_stay_masked():
    for number in range(1_000):
        hide("client-secret-of-5512")
        hide(f"token-{number}-of-5512")

    assert redact("client-secret-of-5512 token-999-of-5512") == "**** ****"

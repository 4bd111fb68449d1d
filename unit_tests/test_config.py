"""The settings: characters added by pasting are removed, and each invalid field is rejected with one message."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.config.form import Config, clean
from tools.clock import NOW_MS

CLIENT_ID = "0d6d0c1c-id"
CLIENT_SECRET = "5f0f2f8a-secret"
BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
GOOD = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "token": BASIC, "start_date": "2024-01-01"}
FIELDS = list(Config.model_fields)

IMPERATIVES = r"\b(Copy|Give|Choose)\b"


def refusal(**changes: Any) -> str:
    """Return the error message for these settings."""
    with pytest.raises(AirbyteTracedException) as caught:
        Config.from_mapping({**GOOD, **changes})
    assert caught.value.failure_type == FailureType.config_error
    return str(caught.value)


def basic(client_id: str, client_secret: str) -> str:
    return base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


def test_valid_settings_are_accepted():
    config = Config.from_mapping(GOOD)

    assert config.client_id.get_secret_value() == CLIENT_ID
    assert config.start_date == datetime(2024, 1, 1, tzinfo=UTC)
    assert (config.lookback_days, config.num_workers, config.environment) == (65, 16, "production")
    assert config.members_area_subdomain == ()


@pytest.mark.parametrize("field", ["client_id", "client_secret", "token", "start_date"])
@pytest.mark.parametrize("missing", [None, "", "  ", "\n"], ids=repr)
def test_an_empty_required_field_is_reported_as_missing(field, missing):
    sentence = refusal(**{field: missing})

    assert sentence.startswith(f"{field}: it is missing. ")
    assert sentence.count("\n") == 0


@pytest.mark.parametrize("field", ["client_id", "client_secret", "token", "start_date"])
def test_an_absent_required_field_is_reported_as_missing(field):
    given_settings = {name: value for name, value in GOOD.items() if name != field}

    with pytest.raises(AirbyteTracedException, match=f"^{field}: it is missing"):
        Config.from_mapping(given_settings)


def test_empty_settings_give_one_error_line_per_required_field():
    with pytest.raises(AirbyteTracedException) as caught:
        Config.from_mapping({})

    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["client_id", "client_secret", "token", "start_date"]


@pytest.mark.parametrize(
    "field", ["members_area_subdomain", "lookback_days", "num_workers", "environment", "personal_data"]
)
@pytest.mark.parametrize("empty", [None, "", " "], ids=repr)
def test_an_empty_optional_field_uses_its_default(field, empty):
    config = Config.from_mapping({**GOOD, field: empty})

    assert getattr(config, field) == Config.model_fields[field].default


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [[], {}, ["x"], {"a": 1}, 1.5, True], ids=repr)
def test_a_value_of_the_wrong_type_is_rejected_in_one_line(field, value):
    sentence = refusal(**{field: value})

    assert sentence.startswith(f"{field}: ")
    assert sentence.count("\n") == 0
    assert re.search(IMPERATIVES, sentence)


INVISIBLE = [
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200e",
    "\u202a",
    "\u2066",
    "\u0000",
    "\u001b",
    "\u3164",
]


@pytest.mark.parametrize("field", ["client_id", "client_secret", "token", "start_date", "members_area_subdomain"])
@pytest.mark.parametrize("char", INVISIBLE, ids=ascii)
def test_pasted_invisible_characters_are_removed(field, char):
    clean_settings = {**GOOD, "members_area_subdomain": "my-school"}
    value = clean_settings[field]
    pasted = f"{char}{value[:4]}{char} {char}".replace(" ", "") + value[4:] + f"{char} {char}"

    config = Config.from_mapping({**clean_settings, field: pasted})

    assert config == Config.from_mapping(clean_settings)


def test_invisible_characters_are_removed_from_the_hash_key():
    config = Config.from_mapping(
        {**GOOD, "personal_data": {"mode": "hash\u200b", "key": "\ufeff0123456789\u200babcdef"}}
    )

    assert config.personal_data.key.get_secret_value() == "0123456789abcdef"


@pytest.mark.parametrize("secret", ["s", "se", "sec", "secr"])
@pytest.mark.parametrize("change", [lambda token: token.rstrip("="), lambda token: token + "=", lambda token: token])
def test_token_padding_is_corrected(secret, change):
    whole = basic("an-id", secret)

    config = Config.from_mapping({**GOOD, "client_id": "an-id", "client_secret": secret, "token": change(whole)})

    assert config.token.get_secret_value() == whole


def test_unknown_fields_are_ignored():
    config = Config.from_mapping({**GOOD, "region": "BR", "__injected_declarative_manifest": {}})

    assert config == Config.from_mapping(GOOD)


@pytest.mark.parametrize("field", ["client_id", "client_secret", "token", "start_date"])
@pytest.mark.parametrize("around", [" {} ", "\t{}", "{}\n", "{}\r\n", "\u00a0{}"], ids=repr)
def test_surrounding_white_space_is_removed(field, around):
    config = Config.from_mapping({**GOOD, field: around.format(GOOD[field])})

    assert config == Config.from_mapping(GOOD)


@pytest.mark.parametrize(
    "pasted",
    [
        f"Basic {BASIC}",
        f"basic {BASIC}",
        f"BASIC  {BASIC}",
        f"Basic\t{BASIC}\n",
        f" Basic {BASIC}\r\n",
        f"{BASIC}\n",
        f"{BASIC[:20]}\n{BASIC[20:]}",
    ],
    ids=repr,
)
def test_the_token_accepts_a_basic_prefix_and_white_space(pasted):
    config = Config.from_mapping({**GOOD, "token": pasted})

    assert config.token.get_secret_value() == BASIC


@pytest.mark.parametrize(
    ("client_id", "client_secret"),
    [
        ("clé", "sécret-ção-日本"),
        ("id", "a:b:c"),
        ("id", "p+/=&% ?#x"),
        ("id", "🔑" * 20),
    ],
    ids=repr,
)
def test_credentials_may_contain_any_characters(client_id, client_secret):
    config = Config.from_mapping(
        {
            **GOOD,
            "client_id": client_id,
            "client_secret": client_secret,
            "token": basic(client_id, client_secret),
        }
    )

    assert config.client_secret.get_secret_value() == client_secret


@pytest.mark.parametrize(
    "token",
    [
        basic(CLIENT_ID, "another-secret"),
        basic("another-id", CLIENT_SECRET),
        basic(CLIENT_SECRET, CLIENT_ID),
        CLIENT_SECRET,
        f"Bearer {BASIC}",
        "Basic",
        "%%%",
        "ç",
        base64.b64encode(b"\xff\xfe:\xff").decode(),
        BASIC + "A",
    ],
)
def test_a_token_that_does_not_match_the_credentials_is_rejected(token):
    sentence = refusal(token=token)

    assert sentence == (
        "token: it does not belong to this Client ID and Client Secret. Copy the Basic value that Hotmart shows "
        "beside these two: Tools > Developer Credentials."
    )


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2024-01-01", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00Z", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-01-01T10:30:00", datetime(2024, 1, 1, 10, 30, tzinfo=UTC)),
        ("2024-01-01 10:30", datetime(2024, 1, 1, 10, 30, tzinfo=UTC)),
        ("2024-01-01T00:00:00-03:00", datetime(2024, 1, 1, 3, tzinfo=UTC)),
        ("2024-01-01T00:00:00+00:00", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00.000Z", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00.5-0300", datetime(2024, 1, 1, 3, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-01-01T00:00:00.123456789Z", datetime(2024, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("2024-01-01T00:00:00.123999Z", datetime(2024, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("2010-01-01", datetime(2010, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_start_date_is_utc_and_truncated_to_milliseconds(text, start):
    config = Config.from_mapping({**GOOD, "start_date": text})

    assert config.start_date == start
    assert config.start_ms == int(start.timestamp() * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-31",
        "2023-02-29",
        "2024-13-01",
        "2024-01-01T25:00:00Z",
        "2024-01-01T00:00:00+99:00",
        "0000-01-01",
    ],
)
def test_a_nonexistent_start_date_is_rejected(text):
    sentence = refusal(start_date=text)

    assert sentence == (
        f"start_date: {text!r} is not a date that exists. Give a day such as 2024-01-31 or a UTC time such as "
        "2024-01-31T00:00:00Z."
    )


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2024",
        "01/01/2024",
        "31.12.2023",
        "2024-1-1",
        "2024/01/01",
        "20240101",
        "2024-W05-1",
        "1704067200000",
        "yesterday",
        "\uff12\uff10\uff12\uff14-01-01",
        "2024-01-01; DROP",
        "2024-01-01T",
        "2024-01-01x10:30",
        "2024-01-01T00:00:00,5Z",
        "null",
    ],
)
def test_a_start_date_in_another_format_is_rejected(text):
    sentence = refusal(start_date=text)

    assert sentence == (
        f"start_date: {text!r} is not in the form YYYY-MM-DD. Give a day such as 2024-01-31 or a UTC time such as "
        "2024-01-31T00:00:00Z."
    )


@pytest.mark.parametrize("text", ["2009-12-31", "2009-12-31T23:59:59.999Z", "1970-01-01", "0001-01-01"])
def test_a_start_date_before_2010_is_rejected(text):
    sentence = refusal(start_date=text)

    assert f"{text!r} is before Hotmart existed (choose 2010-01-01 or later)." in sentence


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_a_start_date_out_of_calendar_range_is_rejected(text):
    sentence = refusal(start_date=text)

    assert sentence.startswith("start_date: ")
    assert sentence.count("\n") == 0


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("2026-01-01", True),
        ("2026-01-01T00:00:00.001Z", False),
        ("2026-01-02", False),
        ("2025-12-31T22:00:00-03:00", False),
        ("9999-12-31", False),
    ],
)
def test_a_start_date_in_the_future_is_rejected(clock, text, accepted):
    assert clock.now_ms == NOW_MS

    if accepted:
        Config.from_mapping({**GOOD, "start_date": text})
    else:
        assert f"{text!r} is in the future." in refusal(start_date=text)


@pytest.mark.parametrize(
    ("pasted", "clubs"),
    [
        ("my-school", ("my-school",)),
        ("  my-school\n", ("my-school",)),
        ("My_School2", ("My_School2",)),
        ("https://hotmart.com/club/my-school", ("my-school",)),
        ("http://www.hotmart.com/club/my-school/", ("my-school",)),
        ("hotmart.com/club/my-school", ("my-school",)),
        ("https://hotmart.com/pt-br/club/my-school/products/4168346?x=1#top", ("my-school",)),
        ("https://app.hotmart.com/club/my-school/home", ("my-school",)),
        ("my-school.club.hotmart.com", ("my-school",)),
        ("https://my-school.club.hotmart.com/login", ("my-school",)),
        ("https://hotmart.com/club/club/products", ("club",)),
        ("one, two,three", ("one", "two", "three")),
        ("one,,two, ", ("one", "two")),
        ("one, two, one", ("one", "two")),
        ("https://hotmart.com/club/one, two.club.hotmart.com", ("one", "two")),
        ("one; two;three", ("one", "two", "three")),
        ("one two\tthree", ("one", "two", "three")),
        ("one\ntwo\r\nthree", ("one", "two", "three")),
        ("https://hotmart.com/club/one;https://two.club.hotmart.com/login\nthree", ("one", "two", "three")),
        ("one\u200b,\u00a0two\ufeff", ("one", "two")),
        (",", ()),
        (" , ", ()),
        ("; \n", ()),
    ],
)
def test_members_area_names_are_extracted_from_pasted_text(pasted, clubs):
    config = Config.from_mapping({**GOOD, "members_area_subdomain": pasted})

    assert config.members_area_subdomain == clubs


@pytest.mark.parametrize(
    ("pasted", "named"),
    [
        ("good, -bad", "-bad"),
        ("https://example.com/x", "https://example.com/x"),
        ("https://hotmart.com/club/", "https://hotmart.com/club/"),
        ("http://[bad", "http://[bad"),
        ("one|two", "one|two"),
        ("-x", "-x"),
        ("escola-ção", "escola-ção"),
    ],
)
def test_an_invalid_members_area_name_is_quoted_in_the_error(pasted, named):
    sentence = refusal(members_area_subdomain=pasted)

    assert sentence == (
        f"members_area_subdomain: {named!r} is not the name of a members area. Give the name in "
        "hotmart.com/club/NAME, several separated by commas, or leave it empty."
    )


@pytest.mark.parametrize(
    ("field", "value", "number"),
    [
        ("lookback_days", 0, 0),
        ("lookback_days", 730, 730),
        ("lookback_days", "65", 65),
        ("lookback_days", 65.0, 65),
        ("num_workers", 1, 1),
        ("num_workers", 32, 32),
        ("num_workers", " 8 ", 8),
    ],
)
def test_whole_numbers_in_range_are_accepted(field, value, number):
    config = Config.from_mapping({**GOOD, field: value})

    assert getattr(config, field) == number


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("lookback_days", -1, "it is out of range. Give a whole number of days from 0 to 730"),
        ("lookback_days", 731, "it is out of range. Give a whole number of days from 0 to 730"),
        ("lookback_days", 10**30, "it is out of range. Give a whole number of days from 0 to 730"),
        ("lookback_days", 65.5, "it has a wrong value. Give a whole number of days from 0 to 730"),
        ("lookback_days", "sixty", "it has a wrong value. Give a whole number of days from 0 to 730"),
        ("lookback_days", False, "false is not a number. Give a whole number of days from 0 to 730"),
        ("num_workers", 0, "it is out of range. Give a whole number from 1 to 32"),
        ("num_workers", 33, "it is out of range. Give a whole number from 1 to 32"),
        ("num_workers", True, "true is not a number. Give a whole number from 1 to 32"),
    ],
)
def test_invalid_numbers_are_rejected_with_the_allowed_range(field, value, problem):
    assert refusal(**{field: value}).startswith(f"{field}: {problem}")


@pytest.mark.parametrize("value", ["Production", "prod", "test", 1])
def test_an_unknown_environment_is_rejected_with_the_choices(value):
    assert refusal(environment=value) == "environment: it has a wrong value. Choose production or sandbox."


@pytest.mark.parametrize(
    ("choice", "mode", "key"),
    [
        ({"mode": "keep"}, "keep", ""),
        ({"mode": " drop\n"}, "drop", ""),
        ({"mode": "drop", "key": None}, "drop", ""),
        ({"mode": "keep", "key": "left over from before"}, "keep", ""),
        ({"mode": "hash", "key": "0123456789abcdef"}, "hash", "0123456789abcdef"),
        ({"mode": "hash", "key": "  0123456789 abcdef\r\n"}, "hash", "0123456789 abcdef"),
        ({"mode": "hash", "key": "chave-de-São-Paulo"}, "hash", "chave-de-São-Paulo"),
        ({"mode": "hash", "key": "abcdefgh" * 2}, "hash", "abcdefgh" * 2),
    ],
)
def test_valid_personal_data_choices_are_accepted(choice, mode, key):
    config = Config.from_mapping({**GOOD, "personal_data": choice})

    assert (config.personal_data.mode, config.personal_data.key.get_secret_value()) == (mode, key)
    assert not key or key not in repr(config)


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ({"mode": "hash"}, "the key is missing"),
        ({"mode": "hash", "key": None}, "the key is missing"),
        ({"mode": "hash", "key": "  "}, "the key is missing"),
        ({"mode": "hash", "key": "fifteen letters"}, "the key is too short"),
        ({"mode": "hash", "key": "fifteen letters    "}, "the key is too short"),
        *[
            (
                {"mode": "hash", "key": key},
                "the key has fewer than 8 different characters (openssl rand -hex 32 makes a good one)",
            )
            for key in ("a" * 40, "abcdefg" * 5, "12345671234567123", "password" * 3)
        ],
        ({"mode": "hash", "key": 1234567890123456}, "the key is not text"),
        ({"mode": "hash", "key": ["0123456789abcdef"]}, "the key is not text"),
        ({"mode": "Hash", "key": "0123456789abcdef"}, "it is not one of the three choices"),
        ({"mode": ["drop"]}, "it is not one of the three choices"),
        ({"key": "0123456789abcdef"}, "it is not one of the three choices"),
        ({"mode": None}, "it is not one of the three choices"),
        ("drop", "it is not one of the three choices"),
        (True, "it is not one of the three choices"),
    ],
)
def test_invalid_personal_data_choices_are_rejected(choice, problem):
    sentence = refusal(personal_data=choice)

    assert sentence == (f"personal_data: {problem}. Choose keep, drop, or hash with a key of at least 16 characters.")


def test_each_invalid_field_has_its_own_error_line():
    sentence = refusal(client_id=None, start_date="2024-02-31", lookback_days=-1, environment="x")

    fields = [line.partition(":")[0] for line in sentence.splitlines()]
    assert fields == ["client_id", "start_date", "lookback_days", "environment"]


@pytest.mark.parametrize(
    "changes",
    [
        {"token": BASIC + "x"},
        {"token": f"Basic {CLIENT_SECRET}"},
        {"client_secret": [CLIENT_SECRET]},
        {"client_id": {"value": CLIENT_ID}},
        {"start_date": None, "environment": "x"},
        {"client_secret": CLIENT_SECRET.upper()},
    ],
)
def test_error_messages_contain_no_secrets(changes):
    sentence = refusal(**changes)

    for secret in (CLIENT_ID, CLIENT_SECRET, CLIENT_SECRET.upper(), BASIC):
        assert secret not in sentence


def test_printed_settings_contain_no_secrets():
    printed = repr(Config.from_mapping(GOOD))

    assert CLIENT_SECRET not in printed
    assert BASIC not in printed


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)
plausible = st.sampled_from([*GOOD.values(), "2024-02-31", "my-school", "0001-01-01T00:00:00+10:00", 65, "sandbox"])
settings_of_all_kinds = st.dictionaries(
    st.sampled_from([*FIELDS, "extra"]), anything | plausible | st.datetimes().map(str), max_size=9
)


@given(settings_of_all_kinds)
def test_any_settings_are_valid_or_raise_a_config_error(given_settings):
    try:
        Config.from_mapping({**GOOD, **given_settings})
    except AirbyteTracedException as refused:
        assert refused.failure_type == FailureType.config_error
        for name in FIELDS:
            assert str(refused).count(f"{name}: it is missing") <= 1
        assert str(refused).partition(":")[0] in FIELDS


@given(settings_of_all_kinds)
def test_cleaning_never_raises_and_is_idempotent(given_settings):
    once = clean(given_settings)

    assert repr(clean(once)) == repr(once)


@pytest.mark.parametrize(
    ("environment", "api_url"),
    [("production", "https://developers.hotmart.com"), ("sandbox", "https://sandbox.hotmart.com")],
)
def test_the_environment_setting_selects_the_host(monkeypatch, environment, api_url):
    monkeypatch.delenv("HOTMART_API_URL", raising=False)
    monkeypatch.delenv("HOTMART_AUTH_URL", raising=False)

    config = Config.from_mapping({**GOOD, "environment": environment})

    assert config.api_url == api_url
    assert config.auth_url == "https://api-sec-vlc.hotmart.com"


@pytest.mark.parametrize(
    ("address", "used"),
    [
        ("https://proxy.example.com/hotmart/", "https://proxy.example.com/hotmart"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("  ", "https://developers.hotmart.com"),
    ],
)
def test_an_environment_variable_overrides_the_host(monkeypatch, address, used):
    monkeypatch.setenv("HOTMART_API_URL", address)

    assert Config.from_mapping(GOOD).api_url == used


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "ftp://127.0.0.1",
        "developers.hotmart.com",
        "https://",
        "https://:443",
    ],
)
def test_an_invalid_or_insecure_auth_url_is_rejected(monkeypatch, address):
    monkeypatch.setenv("HOTMART_AUTH_URL", address)

    with pytest.raises(AirbyteTracedException, match="HOTMART_AUTH_URL must hold an https address") as caught:
        _ = Config.from_mapping(GOOD).auth_url
    assert caught.value.failure_type == FailureType.config_error


def test_settings_cannot_override_the_host():
    hosts = {"api_url": "https://evil.example.com", "auth_url": "https://evil.example.com"}

    config = Config.from_mapping({**GOOD, **hosts, "HOTMART_API_URL": "https://evil.example.com"})

    assert "evil" not in config.api_url + config.auth_url

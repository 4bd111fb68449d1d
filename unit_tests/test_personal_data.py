"""Personal data: every field about a person is marked, and with hash or drop no output identifies a person."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.config.form import PersonalData
from source_hotmart.records.personal_data import (
    MARK,
    Hide,
    compile_hiding,
    drop,
    hasher,
    hide_of,
    same_for_all_spellings,
)
from tools.rows import KEYS
from unit_tests.test_schemas import every_stream, fields, nodes, plain_type, schema_of

KEY = "a key of this test alone"

PERSONAL_NAME = re.compile(
    r"(.*_)?(name|nickname|e?mail|(cell|mobile_?|tele)?phone(_.+)?|ddd|documents?|cpf|cnpj|rg|passport|tax_id|"
    r"address|street|neighbou?rhood|city|state|country|zip(_?code)?|postal_code|birth.*|gender|avatar|photo|ip|"
    r".*(refusal|reprint|qr_code|barcode|holder|note|instruction).*|.*(_|^)(url|link)s?)"
)
"""Names of fields that may hold personal data. Each must be marked as personal or not personal."""


def marks_of(stream: str) -> dict[str, bool | str]:
    """Return the mark of each field of a stream, by dotted path: whether it is personal, or "drop"."""

    def walk(schema: Mapping[str, Any], path: str, marked: bool | str) -> Iterator[tuple[str, bool | str]]:
        marked = schema.get(MARK, marked)
        yield path, marked
        for name, field in schema.get("properties", {}).items():
            yield from walk(field, f"{path}.{name}" if path else name, marked)
        if "items" in schema:
            yield from walk(schema["items"], f"{path}[]", marked)

    return dict(walk(schema_of(stream), "", False))


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return every value that is neither an object nor a list, with its path."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves_of(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves_of(item, f"{path}[]")
    else:
        yield path, value


# The marks


@every_stream
def test_personal_sounding_fields_are_marked_personal_or_not_personal(stream):
    marks = marks_of(stream)

    undecided = [
        path
        for path, name, schema in fields(stream)
        if PERSONAL_NAME.fullmatch(name) and not marks[path] and schema.get(MARK) is not False
    ]
    assert not undecided, f'decide for each: "{MARK}": true, or false where it is no person\'s'


@every_stream
def test_a_marked_field_is_text_and_can_hold_a_hash(stream):
    marks = marks_of(stream)

    for path, schema in nodes(schema_of(stream)):
        if marks[path] and plain_type(schema) not in ("object", "array"):
            assert plain_type(schema) == "string", path
            assert "format" not in schema, path


@every_stream
def test_every_mark_is_a_known_value(stream):
    found = {json.dumps(schema[MARK]) for _, schema in nodes(schema_of(stream)) if MARK in schema}
    assert found <= {"true", "false", '"drop"', '"keep"'}


@every_stream
def test_primary_keys_and_join_keys_are_not_marked(stream):
    marks = marks_of(stream)

    joins = {path for path, name, _ in fields(stream) if name in ("ucode", "user_id", "subscriber_code", "transaction")}
    assert not [path for path in {*KEYS[stream], *joins} if marks[path]]


# The plan


def field(marked: bool | str | None = None, **more: Any) -> dict[str, Any]:
    mark = {} if marked is None else {MARK: marked}
    return {"type": ["null", "string"], **mark, **more}


def record_of(**properties: Any) -> dict[str, Any]:
    return {"type": ["null", "object"], "properties": properties}


def plan_of(schema: Mapping[str, Any], hide: Hide = drop) -> Hide:
    plan = compile_hiding(schema, hide)
    assert plan is not None
    return plan


def test_keep_mode_needs_no_plan():
    assert hide_of(PersonalData()) is None
    assert compile_hiding(record_of(name=field(True)), None) is None


def test_a_schema_without_marks_needs_no_plan():
    schema = record_of(id=field(), inner=record_of(x=field(False)), many={"type": "array", "items": field()})

    assert compile_hiding(schema, drop) is None


def test_a_marked_object_without_exempt_fields_is_dropped():
    schema = record_of(address={**record_of(city=field()), MARK: True}, id=field())

    assert plan_of(schema)({"id": "1", "address": {"city": "Recife", "new": "x"}}) == {"id": "1", "address": None}


def test_exempt_fields_in_marked_objects_are_kept_at_every_depth():
    user = {
        **record_of(
            ucode=field(False),
            name=field(),
            documents={"type": ["null", "array"], "items": record_of(type=field(False), value=field())},
        ),
        MARK: True,
    }
    schema = record_of(users={"type": ["null", "array"], "items": record_of(role=field(), user=user)})
    row = {
        "users": [
            None,
            {
                "role": "BUYER",
                "user": {
                    "ucode": "u",
                    "name": "Ana",
                    "new": {"x": "Ana"},
                    "documents": [{"type": "CPF", "value": "1"}, None, {"type": "RG", "new": "2"}],
                },
            },
        ]
    }

    assert plan_of(schema)(row) == {
        "users": [
            None,
            {
                "role": "BUYER",
                "user": {
                    "ucode": "u",
                    "name": None,
                    "new": None,
                    "documents": [{"type": "CPF", "value": None}, None, {"type": "RG", "new": None}],
                },
            },
        ]
    }


def test_drop_marked_fields_are_dropped_in_hash_mode():
    address = {**record_of(country=field(False), city=field()), MARK: "drop"}
    schema = record_of(user={**record_of(name=field(), address=address, ddd=field("drop")), MARK: True})
    row = {"user": {"name": "Ana", "ddd": "31", "new": "x", "address": {"country": "BR", "city": "Recife", "new": "x"}}}

    user = plan_of(schema, hasher(KEY))(row)["user"]

    assert user.pop("address") == {"country": "BR", "city": None, "new": None}
    assert user == {"name": hmac_of("Ana"), "ddd": None, "new": hmac_of("x")}


def test_keep_marked_fields_are_dropped_only_in_drop_mode():
    schema = record_of(user={**record_of(name=field(), country=field("keep")), MARK: True})

    def hidden(hide):
        return plan_of(schema, hide)({"user": {"name": "Ana", "country": "BR"}})["user"]

    assert hidden(hasher(KEY)) == {"name": hmac_of("Ana"), "country": "BR"}
    assert hidden(drop) is None


@pytest.mark.parametrize("value", ["Recife", 7, ["Recife"]], ids=repr)
def test_a_drop_marked_field_of_unexpected_type_is_dropped(value):
    schema = record_of(address={**record_of(country=field(False), city=field()), MARK: "drop"})

    assert plan_of(schema, hasher(KEY))({"address": value}) == {"address": None}


def test_a_mark_inside_an_exempt_object_applies():
    schema = record_of(user={**record_of(shop={**record_of(name=field(), owner=field(True)), MARK: False}), MARK: True})

    row = {"user": {"shop": {"name": "Sample", "owner": "Ana", "new": 1}, "new": 2}}
    assert plan_of(schema)(row) == {"user": {"shop": {"name": "Sample", "owner": None, "new": 1}, "new": None}}


@pytest.mark.parametrize("value", ["Ana", 7, ["Ana"], [{"user": {"name": "Ana"}}]], ids=repr)
def test_a_container_of_marked_fields_with_unexpected_type_is_hidden(value):
    schema = record_of(users={"type": "array", "items": record_of(user=field(True))}, sale=record_of(name=field(True)))
    plan = plan_of(schema)

    assert "Ana" not in json.dumps(plan({"sale": deepcopy(value)}))
    assert "Ana" not in json.dumps(plan({"users": {"0": deepcopy(value)}}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
)


@given(json_values)
def test_no_original_value_remains_in_a_marked_object(value):
    schema = record_of(user={**record_of(ucode=field(False), a=record_of(b=field())), MARK: True})

    for hide in (hasher(KEY), drop):
        hidden = plan_of(schema, hide)({"user": deepcopy(value)})
        left = [leaf for _, leaf in leaves_of(hidden) if leaf is not None]
        assert all(re.fullmatch("[0-9a-f]{64}", leaf) for leaf in left)
        assert not left or hide is not drop


# The hash


def hmac_of(text: str) -> str:
    """Return the HMAC as a user can check it: of trimmed lower-case e-mail addresses and names, of the digits of
    numbers."""
    text = text.strip().lower()
    if not any(character.isalpha() for character in text):
        text = "".join(character for character in text if character.isdecimal())
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_the_hash_is_hmac_sha_256_in_hexadecimal_digits():
    # Calculated with another program: printf ana@example.com | openssl dgst -sha256 -hmac 'a key of this test alone'
    assert hasher(KEY)("ana@example.com") == "035ebd82d05c0ab2d4869c4951f05a1bd9e9612c680d3eee5a06aa9ef1ba289f"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.com", "  Ana@Example.COM\n"),
        ("Ana Example", "ANA EXAMPLE "),
        ("ÁLVARO", "álvaro"),
        ("123.456.789-09", "12345678909"),
        ("123.456.789-09", 12345678909),
        ("12.345.678/0001-95", "12345678000195"),
        ("+55 (11) 99999-8888", "5511999998888"),
        ("01310-100", "01310100"),
        ("Jos\u00e9", "Jose\u0301"),
        ("Ana\u200b", "Ana"),
        ("\ufeffana@example.com\u2060", "ana@example.com"),
        ("ana@exam\u00adple.com", "ana@example.com"),
        ("Jose\u200d\u0301", "Jos\u00e9"),
        ("Ana\x00", "Ana"),
        ("Ana  Maria\u00a0Lima", "ana maria lima"),
        ("Ana\tMaria\r\nLima", "Ana Maria Lima"),
        ("Stra\u00dfe 5", "STRASSE 5"),
        ("Stra\u1e9ee 5", "strasse 5"),
        ("\ufb01lipe", "filipe"),
        (5511999998888.0, "5511999998888"),
        ("5511999998888.0", 5511999998888),
        ("12.00", "12"),
        (1e16, "10000000000000000"),
    ],
)
def test_spellings_of_the_same_value_have_the_same_hash(one, other):
    assert hasher(KEY)(one) == hasher(KEY)(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.com", "anna@example.com"),
        ("01310-100", "1310-100"),
        ("Ana B", "AnaB"),
        ("12345678Z", "12345678"),
        ("-", "+"),
        ("Jos\u00e9", "Jose"),
        ("12.05", "12"),
        ("12.0", "120"),
        ("1.0.0", "1"),
    ],
)
def test_different_values_have_different_hashes(one, other):
    assert hasher(KEY)(one) != hasher(KEY)(other)


@pytest.mark.parametrize("nothing", [None, "", "  ", "\n"], ids=repr)
def test_an_empty_value_has_no_hash(nothing):
    assert hasher(KEY)(nothing) is None


@pytest.mark.parametrize("nothing", ["\u200b", "\ufeff \u00ad", "\x00"], ids=ascii)
def test_invisible_characters_alone_have_no_hash(nothing):
    assert hasher(KEY)(nothing) is None


INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u2060\ufeff"
SPACES = " \t\n\u00a0\u2003\u3000"
# Letters with several forms, two-letter capitals, and combining marks.
names = st.text(
    st.sampled_from("aZ\u00df\u1e9e\u00e9\u0301\u0327\u0130\u0131\u03a3\u03c2\ufb01\u212b\u0345\u1f80 .-09"),
    max_size=12,
)


@given(st.text() | names)
def test_normalising_a_spelling_is_idempotent(text):
    assert same_for_all_spellings(same_for_all_spellings(text)) == same_for_all_spellings(text)


@given(st.text() | names, st.sampled_from(["NFC", "NFD"]))
def test_the_unicode_form_makes_no_difference(text, form):
    assert same_for_all_spellings(unicodedata.normalize(form, text)) == same_for_all_spellings(text)


@given(st.text() | names)
def test_case_makes_no_difference(text):
    assert same_for_all_spellings(unicodedata.normalize("NFD", text).casefold()) == same_for_all_spellings(text)


@given(names, st.text(st.sampled_from(INVISIBLE), max_size=3), st.integers(0, 12))
def test_invisible_characters_make_no_difference(text, invisible, place):
    assert same_for_all_spellings(text[:place] + invisible + text[place:]) == same_for_all_spellings(text)


@given(st.lists(names), st.text(st.sampled_from(SPACES), min_size=1, max_size=3))
def test_white_space_makes_no_difference(words, space):
    words = [word for word in ("".join(word.split()) for word in words) if word]

    assert same_for_all_spellings(space + space.join(words) + space) == same_for_all_spellings(" ".join(words))


@given(st.integers(-(10**20), 10**20))
def test_a_fraction_of_zero_makes_no_difference(number):
    assert same_for_all_spellings(f"{number}.0") == same_for_all_spellings(str(number))


@given(st.integers(0, 10**14))
def test_a_number_has_the_same_hash_in_every_type(number):
    assert hasher(KEY)(float(number)) == hasher(KEY)(number) == hasher(KEY)(str(number))

"""Personal data: every field about a person is marked, and with hash or drop no output identifies a person."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from hotmart_simulator import Fault, World
from hotmart_simulator.common.people import Person
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
from tools.harness import Connector, Run, catalog, keys_of, small_world, stream_names
from tools.rows import key_of
from unit_tests.test_schemas import fields, nodes, plain_type, schema_of

KEY = "a key of this test alone"
HASH = {"mode": "hash", "key": KEY}
DROP = {"mode": "drop"}
CHOICES = pytest.mark.parametrize("choice", [HASH, DROP], ids=["hash", "drop"])

PERSONAL_NAME = re.compile(
    r"(.*_)?(name|nickname|e?mail|(cell|mobile_?|tele)?phone(_.+)?|ddd|documents?|cpf|cnpj|rg|passport|tax_id|"
    r"address|street|neighbou?rhood|city|state|country|zip(_?code)?|postal_code|birth.*|gender|avatar|photo|ip|"
    r".*(refusal|reprint|qr_code|barcode|holder|note|instruction).*|.*(_|^)(url|link)s?)"
)
"""Names of fields that may hold personal data. Each must be marked as personal or not personal."""

MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")

Record = dict[str, Any]


@pytest.fixture
def world() -> World:
    """A small account with a birth certificate in every record, so that all streams have rows."""
    return small_world()


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


@cache
def telling_values(world: World) -> frozenset[str]:
    """Return lower-case values that identify a person anywhere in an output, without house numbers and states."""
    people = world.people
    found: set[str] = set()
    for person in (*people.buyers, *people.affiliates, *people.partners, people.owner):
        found |= {text for text in values_of(person) if len(text) > 5}
    return frozenset(found)


def values_of(person: Person) -> set[str]:
    address = person.user.get("address", {})
    values = {
        person.name,
        person.email,
        person.phone,
        person.user.get("trade_name", ""),
        person.user.get("phone", ""),
        person.user["cellphone"],
        *(document["value"] for document in person.user.get("documents", [])),
        *(address.get(part, "") for part in ("address", "zip_code", "city", "neighborhood")),
    }
    return {value.lower() for value in values}


def read(connector: Connector, choice: Mapping[str, Any] | None = None, streams: list[str] | None = None) -> Run:
    """Read everything with a choice for personal data. Without a choice, the setting is absent."""
    config = {**connector.config, **({"personal_data": choice} if choice else {})}
    return connector.read(streams, config=config)


def by_key(run: Run, stream: str) -> dict[Any, Record]:
    return {key_of(stream, record): record for record in run.records(stream)}


# The marks


@pytest.mark.parametrize("stream", stream_names())
def test_a_field_whose_name_sounds_personal_is_marked_or_says_that_it_is_not(stream):
    marks = marks_of(stream)

    undecided = [
        path
        for path, name, schema in fields(stream)
        if PERSONAL_NAME.fullmatch(name) and not marks[path] and schema.get(MARK) is not False
    ]
    assert not undecided, f'decide for each: "{MARK}": true, or false where it is no person\'s'


@pytest.mark.parametrize("stream", stream_names())
def test_what_is_marked_is_text_so_that_a_hash_is_valid_there(stream):
    marks = marks_of(stream)

    for path, schema in nodes(schema_of(stream)):
        if marks[path] and plain_type(schema) not in ("object", "array"):
            assert plain_type(schema) == "string", path
            assert "format" not in schema, path


@pytest.mark.parametrize("stream", stream_names())
def test_a_mark_is_one_that_is_known(stream):
    found = {json.dumps(schema[MARK]) for _, schema in nodes(schema_of(stream)) if MARK in schema}
    assert found <= {"true", "false", '"drop"', '"keep"'}


@pytest.mark.parametrize("stream", stream_names())
def test_keys_and_codes_by_which_streams_join_are_not_marked(stream):
    marks = marks_of(stream)

    joins = {path for path, name, _ in fields(stream) if name in ("ucode", "user_id", "subscriber_code", "transaction")}
    assert not [path for path in {*keys_of(stream), *joins} if marks[path]]


def test_every_place_where_a_person_appears_is_marked(connector, world):
    run = read(connector)

    people = telling_values(world)
    unmarked = set()
    met = 0
    for stream in stream_names():
        marks = marks_of(stream)
        for record in run.records(stream):
            for path, value in leaves_of(record):
                text = str(value).lower()
                if text in people or MAIL.search(text):
                    met += 1
                    if not marks.get(path):
                        unmarked.add(f"{stream}: {path}")
    assert met > 1_000
    assert not unmarked


def test_the_marks_are_not_shown_by_discover(connector):
    (message,) = connector.run("discover").of_type("CATALOG")

    assert MARK not in json.dumps(message)


# Whole syncs


@CHOICES
def test_no_person_is_in_any_output_of_any_stream_at_debug(connector, command_line, world, choice):
    connector.config["personal_data"] = choice

    exit_code, output = command_line("read", "--debug", catalog=catalog())

    assert exit_code == 0
    assert '"type":"RECORD"' in output
    assert not people_in(output, world)
    assert KEY not in output


@CHOICES
@pytest.mark.parametrize("kind", ["no_key", "number_for_string", "truncated_json", "wrong_total", 400, 500])
def test_no_person_is_in_any_output_when_something_goes_wrong(connector, command_line, world, choice, kind):
    connector.config["personal_data"] = choice
    connector.simulator.add_fault(
        Fault(kind=kind, times=None, field_name="buyer" if kind == "number_for_string" else None)
    )

    _, output = command_line("read", "--debug", catalog=catalog(["sales_history", "subscriptions", "club_students"]))

    assert '"type":"LOG"' in output
    assert not people_in(output, world)
    assert KEY not in output


def test_without_the_setting_people_are_in_the_output(connector, command_line, world):
    _, output = command_line("read", catalog=catalog(["sales_users"]))

    assert len(people_in(output, world)) > 100


def people_in(output: str, world: World) -> list[str]:
    """Return the personal values in an output, plain or escaped as JSON."""
    text = output.lower()
    return [value for value in telling_values(world) if value in text or json.dumps(value)[1:-1] in text]


@pytest.mark.parametrize("stream", stream_names())
@CHOICES
def test_all_but_the_marked_values_is_as_without_the_setting(connector, stream, choice):
    kept, hidden = (by_key(read(connector, setting, [stream]), stream) for setting in (None, choice))

    assert kept
    assert kept.keys() == hidden.keys()
    marks = {path: choice is DROP if mark == "keep" else mark for path, mark in marks_of(stream).items()}
    for key, record in kept.items():
        open_values = sorted((path, repr(v)) for path, v in leaves_of(record) if not marks.get(path, False))
        # The second read began later.
        expected = [(path, text) for path, text in open_values if text != "None" and path != "synced_until"]
        found = {(path, repr(v)) for path, v in leaves_of(hidden[key])}
        assert not [pair for pair in expected if pair not in found]
        shown = {(path, v) for path, v in leaves_of(hidden[key]) if marks.get(path, True) and v is not None}
        if choice is DROP:
            assert not shown
        else:
            assert all(re.fullmatch("[0-9a-f]{64}", v) for _, v in shown)
            assert shown == {
                (path, hmac_of(str(v)))
                for path, v in leaves_of(record)
                if marks.get(path, True) is True and v not in (None, "")
            }


def hmac_of(text: str) -> str:
    """Return the HMAC as a user can check it: of trimmed lower-case e-mail addresses and names, of the digits of
    numbers."""
    text = text.strip().lower()
    if not any(character.isalpha() for character in text):
        text = "".join(character for character in text if character.isdecimal())
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


@CHOICES
def test_records_stay_valid_and_keep_their_keys(connector, choice):
    run = read(connector, choice)

    assert run.exit_code == 0
    assert set(run.statuses.values()) == {"COMPLETE"}
    for stream in stream_names():
        validator = Draft7Validator(schema_of(stream))
        records = run.records(stream)
        assert records
        for record in records:
            validator.validate(record)
            assert all(record[field] for field in keys_of(stream))


def test_the_hash_of_a_value_that_few_people_have_is_not_given_out(connector):
    """For example a city: the most frequent hash would be that of the largest city."""
    streams = ["sales_users", "subscription_transactions"]
    kept, hashed, dropped = (read(connector, choice, streams) for choice in (None, HASH, DROP))

    def values(run: Run, stream: str, name: str) -> Counter[Any]:
        leaves = (leaf for record in run.records(stream) for leaf in leaves_of(record))
        return Counter(value for path, value in leaves if path.endswith(f".{name}") and value is not None)

    for stream, name in [
        ("sales_users", "city"),
        ("sales_users", "neighborhood"),
        ("sales_users", "zip_code"),
        ("subscription_transactions", "phone_ddd"),
        ("subscription_transactions", "refusal_message"),
    ]:
        assert values(kept, stream, name)
        assert not values(hashed, stream, name)
    for name in ("country", "state"):
        assert values(kept, "sales_users", name) == values(hashed, "sales_users", name) != Counter()
        assert not values(dropped, "sales_users", name)


STREAMS_OF_PERSONS = {"club_lessons": "/club/api/v1/users/*/lessons", "subscription_purchases": "*/purchases"}


@pytest.mark.parametrize("kind", ["no_key", "truncated_json", 403, 500, 502])
@pytest.mark.parametrize("choice", [None, HASH, DROP], ids=["keep", "hash", "drop"])
@pytest.mark.parametrize(("stream", "path"), STREAMS_OF_PERSONS.items())
def test_the_id_of_a_person_is_in_a_message_only_where_personal_data_is_kept(
    connector, command_line, world, choice, stream, path, kind
):
    connector.config["personal_data"] = choice or {"mode": "keep"}
    connector.simulator.add_fault(Fault(kind=kind, path=path, nth=2, times=None))
    parent, name = ("club_students", "user_id") if stream == "club_lessons" else ("subscriptions", "subscriber_code")
    ids = {str(row.record[name]) for row in world.expected(parent)}

    _, output = command_line("read", "--debug", catalog=catalog([stream]))

    told = "".join(
        line for line in output.splitlines() if '"type":"RECORD"' not in line and '"type":"STATE"' not in line
    )
    shown = {id for id in ids if id in told}
    hashes = {hash for hash in map(hmac_of, ids) if hash in told}
    assert len(ids) > 10
    assert bool(shown) is (choice is None)
    assert bool(hashes) is (choice is HASH)
    assert ("id not shown" in told) is (choice is DROP)


def test_a_mail_has_one_hash_in_all_streams(connector, world):
    run = read(connector, HASH)

    def mails(stream: str, *path: str) -> set[str]:
        found: list[Any] = run.records(stream)
        for name in path:
            found = [record[name] for record in found if record.get(name)]
        return set(found)

    buyers = mails("sales_history", "buyer", "email")
    participants = {
        entry["user"]["email"] for record in run.records("sales_users") for entry in record["users"] if entry["user"]
    }
    assert buyers
    assert buyers <= participants
    assert mails("subscriptions", "subscriber", "email") & buyers
    assert mails("club_students", "email") & {hmac_of(person.email) for person in world.people.buyers}


def test_another_key_gives_other_hashes(connector):
    first, second = (
        {
            record["buyer"]["email"]
            for record in read(connector, choice, ["sales_history"]).records("sales_history")
            if record.get("buyer") and record["buyer"].get("email")
        }
        for choice in (HASH, {**HASH, "key": "another key of this test"})
    )

    assert first
    assert not first & second


@CHOICES
@pytest.mark.parametrize(
    "value",
    ["Rua Nova 12", 5511999998888, ["Ana", {"also": "Ana"}], {"cpf": "123.456.789-09", "more": [{"x": "Ana"}]}, True],
    ids=repr,
)
def test_a_field_that_is_new_inside_a_marked_object_is_personal(connector, choice, value):
    connector.simulator.add_fault(
        Fault(kind="number_for_string", field_name="buyer.new_field", value=value, times=None)
    )

    records = read(connector, choice, ["sales_history"]).records("sales_history")

    (changed, *_) = [record["buyer"]["new_field"] for record in records if "new_field" in (record.get("buyer") or {})]
    assert [leaf for _, leaf in leaves_of(changed)] == (
        [None] if choice is DROP else [hmac_of(str(leaf)) for _, leaf in leaves_of(value)]
    )


@CHOICES
@pytest.mark.parametrize("value", ["Ana Example", ["Ana Example"], 5511999998888], ids=repr)
def test_what_is_no_object_where_one_is_marked_is_hidden_whole(connector, choice, value):
    connector.simulator.add_fault(Fault(kind="number_for_string", field_name="buyer", value=value, times=None))

    run = read(connector, choice, ["sales_history"])

    assert "example" not in run.output.lower()
    assert "5511999998888" not in run.output
    assert "in buyer, where an object is declared" in run.logs


def test_a_key_that_is_too_short_reads_nothing(connector):
    connector.config["personal_data"] = {"mode": "hash", "key": "too-short-7c1"}

    run = connector.read()

    assert "personal_data: the key is too short." in run.sentences
    assert not run.of_type("RECORD")
    assert "too-short-7c1" not in run.output


def test_the_key_is_in_no_trace_whatever_goes_wrong(connector, command_line):
    key = "p+/=&% ?#x-key-9f2c"
    connector.config["personal_data"] = {"mode": "hash", "key": key}
    connector.simulator.add_fault(Fault(kind=500, times=None, body=key))

    _, output = command_line("check", "--debug")

    assert "9f2c" not in output


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


def test_keep_needs_no_plan():
    assert hide_of(PersonalData()) is None
    assert compile_hiding(record_of(name=field(True)), None) is None


def test_a_schema_without_marks_needs_no_plan():
    schema = record_of(id=field(), inner=record_of(x=field(False)), many={"type": "array", "items": field()})

    assert compile_hiding(schema, drop) is None


def test_a_marked_object_is_dropped_whole_where_nothing_in_it_is_open():
    schema = record_of(address={**record_of(city=field()), MARK: True}, id=field())

    assert plan_of(schema)({"id": "1", "address": {"city": "Recife", "new": "x"}}) == {"id": "1", "address": None}


def test_what_is_open_in_a_marked_place_stays_at_any_depth():
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


def test_a_place_that_is_dropped_is_dropped_where_others_are_hashed():
    address = {**record_of(country=field(False), city=field()), MARK: "drop"}
    schema = record_of(user={**record_of(name=field(), address=address, ddd=field("drop")), MARK: True})
    row = {"user": {"name": "Ana", "ddd": "31", "new": "x", "address": {"country": "BR", "city": "Recife", "new": "x"}}}

    user = plan_of(schema, hasher(KEY))(row)["user"]

    assert user.pop("address") == {"country": "BR", "city": None, "new": None}
    assert user == {"name": hmac_of("Ana"), "ddd": None, "new": hmac_of("x")}


def test_a_place_that_many_people_share_is_kept_where_others_are_hashed_and_dropped_where_they_are_dropped():
    schema = record_of(user={**record_of(name=field(), country=field("keep")), MARK: True})

    def hidden(hide):
        return plan_of(schema, hide)({"user": {"name": "Ana", "country": "BR"}})["user"]

    assert hidden(hasher(KEY)) == {"name": hmac_of("Ana"), "country": "BR"}
    assert hidden(drop) is None


@pytest.mark.parametrize("value", ["Recife", 7, ["Recife"]], ids=repr)
def test_a_place_that_is_dropped_is_dropped_if_it_has_another_type(value):
    schema = record_of(address={**record_of(country=field(False), city=field()), MARK: "drop"})

    assert plan_of(schema, hasher(KEY))({"address": value}) == {"address": None}


def test_a_mark_inside_what_was_taken_out_counts_again():
    schema = record_of(user={**record_of(shop={**record_of(name=field(), owner=field(True)), MARK: False}), MARK: True})

    row = {"user": {"shop": {"name": "Sample", "owner": "Ana", "new": 1}, "new": 2}}
    assert plan_of(schema)(row) == {"user": {"shop": {"name": "Sample", "owner": None, "new": 1}, "new": None}}


@pytest.mark.parametrize("value", ["Ana", 7, ["Ana"], [{"user": {"name": "Ana"}}]], ids=repr)
def test_a_place_of_another_type_is_hidden_where_anything_in_it_would_be(value):
    schema = record_of(users={"type": "array", "items": record_of(user=field(True))}, sale=record_of(name=field(True)))
    plan = plan_of(schema)

    assert "Ana" not in json.dumps(plan({"sale": deepcopy(value)}))
    assert "Ana" not in json.dumps(plan({"users": {"0": deepcopy(value)}}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
)


@given(json_values)
def test_nothing_of_any_value_survives_in_a_marked_object(value):
    schema = record_of(user={**record_of(ucode=field(False), a=record_of(b=field())), MARK: True})

    for hide in (hasher(KEY), drop):
        hidden = plan_of(schema, hide)({"user": deepcopy(value)})
        left = [leaf for _, leaf in leaves_of(hidden) if leaf is not None]
        assert all(re.fullmatch("[0-9a-f]{64}", leaf) for leaf in left)
        assert not left or hide is not drop


# The hash


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
def test_spellings_of_one_thing_have_one_hash(one, other):
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
def test_different_things_have_different_hashes(one, other):
    assert hasher(KEY)(one) != hasher(KEY)(other)


@pytest.mark.parametrize("nothing", [None, "", "  ", "\n"], ids=repr)
def test_nothing_has_no_hash(nothing):
    assert hasher(KEY)(nothing) is None


@pytest.mark.parametrize("nothing", ["\u200b", "\ufeff \u00ad", "\x00"], ids=ascii)
def test_what_cannot_be_seen_has_no_hash(nothing):
    assert hasher(KEY)(nothing) is None


INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u2060\ufeff"
SPACES = " \t\n\u00a0\u2003\u3000"
# Letters with several forms, two-letter capitals, and combining marks.
names = st.text(
    st.sampled_from("aZ\u00df\u1e9e\u00e9\u0301\u0327\u0130\u0131\u03a3\u03c2\ufb01\u212b\u0345\u1f80 .-09"),
    max_size=12,
)


@given(st.text() | names)
def test_a_spelling_is_the_same_of_itself(text):
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
def test_a_number_of_any_type_has_one_hash(number):
    assert hasher(KEY)(float(number)) == hasher(KEY)(number) == hasher(KEY)(str(number))

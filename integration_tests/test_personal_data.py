"""With hash or drop, no output identifies a person."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft7Validator

from hotmart_simulator import Fault, World
from hotmart_simulator.common.people import Person
from source_hotmart.records.personal_data import (
    MARK,
)
from tools.harness import Connector, Run, catalog, keys_of, small_world, stream_names
from tools.rows import key_of
from tools.sample import combinations, sample
from unit_tests.test_personal_data import KEY, hmac_of, leaves_of, marks_of
from unit_tests.test_schemas import schema_of

pytestmark = pytest.mark.long

HASH = {"mode": "hash", "key": KEY}
DROP = {"mode": "drop"}
CHOICES = pytest.mark.parametrize("choice", [HASH, DROP], ids=["hash", "drop"])
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
Record = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    """A small account with rows in every stream. No test changes it."""
    return small_world()


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


@pytest.fixture(scope="module")
def done() -> dict[Any, Run]:
    """The syncs of every stream, by the mode of personal data."""
    return {}


@pytest.fixture
def whole(connector: Connector, done: dict[Any, Run]) -> Callable[..., Run]:
    """Return a function that returns the one sync of every stream with a choice for personal data."""

    def sync(choice: Mapping[str, Any] | None = None) -> Run:
        mode = choice["mode"] if choice else None
        if mode not in done:
            done[mode] = read(connector, choice)
        return done[mode]

    return sync


def read(connector: Connector, choice: Mapping[str, Any] | None = None, streams: list[str] | None = None) -> Run:
    """Read everything with a choice for personal data. Without a choice, the setting is absent."""
    config = {**connector.config, **({"personal_data": choice} if choice else {})}
    return connector.read(streams, config=config)


def by_key(run: Run, stream: str) -> dict[Any, Record]:
    return {key_of(stream, record): record for record in run.records(stream)}


def test_every_field_with_personal_data_is_marked(whole, world):
    run = whole()

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


def test_discover_does_not_show_the_marks(connector):
    (message,) = connector.run("discover").of_type("CATALOG")

    assert MARK not in json.dumps(message)


@CHOICES
def test_the_debug_output_of_every_stream_contains_no_person(connector, command_line, world, choice):
    connector.config["personal_data"] = choice

    exit_code, output = command_line("read", "--debug", catalog=catalog())

    assert exit_code == 0
    assert '"type":"RECORD"' in output
    assert not people_in(output, world)
    assert KEY not in output


@pytest.mark.parametrize(
    ("kind", "choice"),
    combinations(["no_key", "number_for_string", "truncated_json", "wrong_total", 400, 500], [HASH, DROP]),
)
def test_the_output_of_a_failed_sync_contains_no_person(connector, command_line, world, choice, kind):
    """By default each kind of failure with one of two choices."""
    connector.config["personal_data"] = choice
    connector.simulator.add_fault(
        Fault(kind=kind, times=None, field_name="buyer" if kind == "number_for_string" else None)
    )

    _, output = command_line("read", "--debug", catalog=catalog(["sales_history", "subscriptions", "club_students"]))

    assert '"type":"LOG"' in output
    assert not people_in(output, world)
    assert KEY not in output


def test_without_the_setting_the_output_contains_people(connector, command_line, world):
    _, output = command_line("read", catalog=catalog(["sales_users"]))

    assert len(people_in(output, world)) > 100


def people_in(output: str, world: World) -> list[str]:
    """Return the personal values in an output, plain or escaped as JSON."""
    text = output.lower()
    return [value for value in telling_values(world) if value in text or json.dumps(value)[1:-1] in text]


@pytest.mark.parametrize("stream", stream_names())
@CHOICES
def test_the_setting_changes_only_marked_values(connector, whole, stream, choice):
    # The age of a subscription grows while other streams are read.
    is_alone = stream == "subscription_summary"
    runs = (read(connector, setting, [stream]) if is_alone else whole(setting) for setting in (None, choice))
    kept, hidden = (by_key(run, stream) for run in runs)

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


@CHOICES
def test_records_stay_valid_and_keep_their_primary_keys(whole, choice):
    run = whole(choice)

    assert run.exit_code == 0
    assert set(run.statuses.values()) == {"COMPLETE"}
    for stream in stream_names():
        validator = Draft7Validator(schema_of(stream))
        records = run.records(stream)
        assert records
        for record in records:
            validator.validate(record)
            assert all(record[field] for field in keys_of(stream))


def test_values_with_few_alternatives_are_dropped_instead_of_hashed(whole):
    """For example a city: the most frequent hash would be that of the largest city."""
    kept, hashed, dropped = (whole(choice) for choice in (None, HASH, DROP))

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


@pytest.mark.parametrize(
    ("stream", "choice", "kind"),
    sample([*product(STREAMS_OF_PERSONS, [None, HASH, DROP], ["no_key", "truncated_json", 403, 500, 502])], 2),
)
def test_messages_contain_personal_ids_only_in_keep_mode(connector, command_line, world, stream, choice, kind):
    """By default each choice with each kind of failure, in one of two streams."""
    path = STREAMS_OF_PERSONS[stream]
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


def test_an_email_has_the_same_hash_in_all_streams(whole, world):
    run = whole(HASH)

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


def test_a_different_key_gives_different_hashes(connector):
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
def test_a_new_field_inside_a_marked_object_is_personal(connector, choice, value):
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
def test_a_value_in_place_of_a_marked_object_is_hidden(connector, choice, value):
    connector.simulator.add_fault(Fault(kind="number_for_string", field_name="buyer", value=value, times=None))

    run = read(connector, choice, ["sales_history"])

    assert "example" not in run.output.lower()
    assert "5511999998888" not in run.output
    assert "in the field buyer instead of an object" in run.logs


def test_a_key_that_is_too_short_is_rejected(connector):
    connector.config["personal_data"] = {"mode": "hash", "key": "too-short-7c1"}

    run = connector.read()

    assert "personal_data: the key is too short." in run.sentences
    assert not run.of_type("RECORD")
    assert "too-short-7c1" not in run.output


def test_no_output_contains_the_key(connector, command_line):
    key = "p+/=&% ?#x-key-9f2c"
    connector.config["personal_data"] = {"mode": "hash", "key": key}
    connector.simulator.add_fault(Fault(kind=500, times=None, body=key))

    _, output = command_line("check", "--debug")

    assert "9f2c" not in output

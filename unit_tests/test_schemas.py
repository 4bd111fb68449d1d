"""Requirements on every stream schema: described, nullable, open, and valid for genuine records of Hotmart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader
from jsonschema import Draft7Validator

import source_hotmart

SCHEMA_FOLDER = Path(source_hotmart.__file__).parent / "schemas"
SAMPLE_FOLDER = Path(__file__).parent / "resource" / "samples"
STREAMS = sorted(file.stem for file in SCHEMA_FOLDER.glob("*.json"))
SAMPLES = {
    "club_students": "club-students-real.json",
    "products": "product-getall-real.json",
    "subscriptions": "subscription-real.json",
}

ID_NAME = re.compile(r"(.+_)?(id|ucode|code)|transaction|subdomain")
TIME_NAME = re.compile(r".+_(date|datetime|at|until)|date_.+|last_update|trial_end|scheduled_retry")
EPOCH_MILLISECONDS = range(10**12, 10**13)
FORBIDDEN_KEYWORDS = {"enum", "const", "required", "pattern", "minimum", "maximum", "minLength", "maxLength"}

Schema = Mapping[str, Any]

every_stream = pytest.mark.parametrize("stream", STREAMS)


def schema_of(stream: str) -> Schema:
    """Return the schema as `discover` shows it, with references resolved."""
    return ResourceSchemaLoader("source_hotmart").get_schema(stream)


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every schema inside `schema`, itself first, with its dotted path. The items of a list are `name[]`."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from nodes(field, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


def fields(stream: str) -> Iterator[tuple[str, str, Schema]]:
    """Yield path, name and schema of every property of the stream, at every depth."""
    for path, schema in nodes(schema_of(stream)):
        if path and not path.endswith("[]"):
            yield path, path.rpartition(".")[2], schema


def plain_type(schema: Schema) -> str:
    """Return the one declared type of a field besides null."""
    (name,) = set(schema["type"]) - {"null"}
    return str(name)


def paths_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every field of a record at every depth, with the paths of `nodes`."""
    if isinstance(value, dict):
        for name, item in value.items():
            child = f"{path}.{name}" if path else name
            yield child, item
            yield from paths_of(item, child)
    elif isinstance(value, list):
        for item in value:
            yield from paths_of(item, f"{path}[]")


def genuine_records(file_name: str) -> list[dict[str, Any]]:
    content = json.loads((SAMPLE_FOLDER / file_name).read_text(encoding="utf-8"))
    records: list[dict[str, Any]] = content["response"]["body"]
    return records


def test_schemas_exist() -> None:
    assert STREAMS


@every_stream
def test_the_schema_is_a_valid_draft_07_schema(stream: str) -> None:
    schema = schema_of(stream)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["type"] == "object"
    Draft7Validator.check_schema(schema)


@every_stream
def test_the_schema_description_defines_a_row(stream: str) -> None:
    assert schema_of(stream)["description"].startswith("One row per ")


@every_stream
def test_every_field_description_adds_to_its_name(stream: str) -> None:
    poor = []
    for path, name, schema in fields(stream):
        description = schema.get("description", "")
        words = set(re.findall(r"[a-z0-9]+", description.lower())) - {"a", "an", "the", "of", "is", "this"}
        if len(description) <= 15 or words <= set(name.split("_")):
            poor.append(path)
    assert not poor


@every_stream
def test_every_description_is_a_complete_sentence(stream: str) -> None:
    assert not [path for path, _, schema in fields(stream) if not re.fullmatch(r"[A-Z].*\.", schema["description"])]


@every_stream
def test_lists_of_known_values_allow_others(stream: str) -> None:
    closed = [
        path
        for path, _, schema in fields(stream)
        if "known values" in schema["description"].lower()
        and not re.search(r"Known values: .+\. Others are possible\.", schema["description"])
    ]
    assert not closed


@every_stream
def test_every_field_is_nullable_with_one_type(stream: str) -> None:
    for path, schema in nodes(schema_of(stream)):
        if path:
            assert schema["type"][0] == "null", path
            assert len(schema["type"]) == 2, path


@every_stream
def test_every_object_allows_additional_fields(stream: str) -> None:
    for path, schema in nodes(schema_of(stream)):
        if "object" in schema["type"]:
            assert schema.get("additionalProperties") is True, path
            assert schema.get("properties"), path


@every_stream
def test_no_field_restricts_its_values(stream: str) -> None:
    restricted = [path for path, schema in nodes(schema_of(stream)) if FORBIDDEN_KEYWORDS & schema.keys()]
    assert not restricted


@every_stream
def test_every_list_declares_its_items(stream: str) -> None:
    lists = {path: schema for path, schema in nodes(schema_of(stream)) if "array" in schema["type"]}
    assert not [path for path, schema in lists.items() if "items" not in schema]


@every_stream
def test_every_time_is_a_timestamp_with_time_zone(stream: str) -> None:
    for path, name, schema in fields(stream):
        if TIME_NAME.fullmatch(name) or "date-time" in schema.get("format", ""):
            assert plain_type(schema) == "string", path
            assert schema.get("format") == "date-time", path
            assert schema.get("airbyte_type") == "timestamp_with_timezone", path


@every_stream
def test_every_id_and_code_is_text(stream: str) -> None:
    ids = {path: schema for path, name, schema in fields(stream) if ID_NAME.fullmatch(name)}
    assert not [path for path, schema in ids.items() if plain_type(schema) != "string"]


@pytest.mark.parametrize("stream", SAMPLES)
def test_every_field_of_the_genuine_records_is_declared(stream: str) -> None:
    declared = {path for path, _ in nodes(schema_of(stream))}
    sent = {path for record in genuine_records(SAMPLES[stream]) for path, _ in paths_of(record)}
    assert sent
    assert not sent - declared


@pytest.mark.parametrize("stream", SAMPLES)
def test_epoch_numbers_of_genuine_records_are_declared_as_times(stream: str) -> None:
    declared = dict(nodes(schema_of(stream)))
    times = {
        path
        for record in genuine_records(SAMPLES[stream])
        for path, value in paths_of(record)
        if isinstance(value, int) and value in EPOCH_MILLISECONDS
    }
    assert times
    assert not [path for path in times if declared[path].get("format") != "date-time"]

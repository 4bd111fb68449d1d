"""Load the shapes of Hotmart's records from `shapes.yaml`, and compare records with them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, TypedDict, TypeGuard

import yaml

FIRST_MS: Final = 100_000_000_000  # hotmart-api.md 7.20: a smaller number is a date in seconds


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its dotted path, with `[]` for each item of an array, its types and its presence."""

    path: str
    types: tuple[str, ...]
    marks: frozenset[str]

    @property
    def place(self) -> tuple[str, str]:
        """Return the path of the object or array around the field (empty for the record itself), and its key there."""
        if self.path.endswith("[]"):
            return self.path[:-2], "[]"
        parent, _, key = self.path.rpartition(".")
        return parent, key


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of record: its section of hotmart-api.md, the path of its endpoint and its fields by path."""

    source: str
    endpoint: str
    fields: Mapping[str, Field]
    below: Mapping[str, Mapping[str, Field]]
    """Return the fields of each object and array by key. The record itself has an empty path."""


class _Entry(TypedDict):
    source: str
    endpoint: str
    fields: dict[str, str]


@cache
def shapes() -> Mapping[str, Shape]:
    """Return every shape of `shapes.yaml` by its name."""
    return parse(Path(__file__).with_name("shapes.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> Mapping[str, Shape]:
    """Return the shapes in a YAML text by their names. Raise `ValueError` for a mistake in the notation."""
    entries: dict[str, _Entry] = yaml.safe_load(text)
    return {name: _shape(entry) for name, entry in entries.items()}


def problems(shape_name: str, record: object) -> list[str]:
    """Return every difference between a record and its shape, each once, in the order of the record.

    A text names the dotted path and no value of the record, because values can be personal data. The fields of an
    absent object are not reported. Raise `KeyError` for an unknown shape.
    """
    shape = shapes()[shape_name]
    if not isinstance(record, dict):
        return ["the record is not an object"]
    return list(dict.fromkeys(_inside(shape, "", record)))


def date_fields(shape_name: str) -> frozenset[str]:
    """Return the dotted paths of the fields in epoch milliseconds. Raise `KeyError` for an unknown shape."""
    return frozenset(path for path, field in shapes()[shape_name].fields.items() if "ms" in field.types)


def _shape(entry: _Entry) -> Shape:
    fields = {path: _field(path, notation) for path, notation in entry["fields"].items()}
    below: dict[str, dict[str, Field]] = {"": {}}
    for field in fields.values():
        parent, key = field.place
        holder = "array" if key == "[]" else "object"
        if parent and (parent not in fields or holder not in fields[parent].types):
            raise ValueError(f"{field.path}: {parent} is not declared as {holder}")
        below.setdefault(parent, {})[key] = field
    return Shape(entry["source"], entry["endpoint"], fields, below)


def _field(path: str, notation: str) -> Field:
    types, *marks = notation.split()
    unknown = set(types.split("|")) - set(CHECKS) | set(marks) - {"optional", "nullable", "docs_only", "real_only"}
    if unknown:
        raise ValueError(f"{path}: unknown words {', '.join(sorted(unknown))}")
    return Field(path, tuple(types.split("|")), frozenset(marks))


def _differences(shape: Shape, field: Field, value: object) -> Iterator[str]:
    """Yield what is wrong with the value of a field, and with everything inside the value."""
    if value is None and "any" not in field.types:
        if "nullable" not in field.marks:
            yield f"{field.path} is null"
    elif not any(CHECKS[name](value) for name in field.types):
        yield f"{field.path} is not {' or '.join(field.types)}"
    else:
        yield from _inside(shape, field.path, value)


def _inside(shape: Shape, path: str, value: object) -> Iterator[str]:
    """Yield the differences inside an object or an array. Without a declared content there are none."""
    known = shape.below.get(path, {})
    if isinstance(value, list) and known:
        for item in value:
            yield from _differences(shape, known["[]"], item)
    elif isinstance(value, dict) and known:
        for key, inner in value.items():
            if key in known:
                yield from _differences(shape, known[key], inner)
            else:
                yield f"{path}.{key}".lstrip(".") + " is unknown"
        for key, field in known.items():
            if key not in value and "optional" not in field.marks:
                yield f"{field.path} is missing"


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_iso(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


CHECKS: Final[Mapping[str, Callable[[object], bool]]] = {
    "integer": _is_integer,
    "number": lambda value: _is_integer(value) or isinstance(value, float),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "ms": lambda value: _is_integer(value) and value >= FIRST_MS,
    "iso": _is_iso,
    "any": lambda value: True,
}

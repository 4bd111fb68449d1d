"""Dates in undocumented forms: null or 0 in place of absent dates, and all dates in seconds."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from hotmart_simulator.server.records import changed
from hotmart_simulator.shapes import date_fields
from hotmart_simulator.switches import Switches

Tree: TypeAlias = dict[str, "Tree"]
"""The fields on the way to the dates of a record, by key, with `[]` for the items of an array. A date has no fields."""
FILLS: Final[Mapping[str, Mapping[str, int | None]]] = {
    "absent": {},
    "null": {"value": None},
    "zero": {"value": 0},
}


def reformed(document: Any, shape_name: str, switches: Switches, *, is_cut: bool) -> Any:
    """Return the document of a response with its dates in the form of the switches.

    Records share parts with others, so every part is copied before it changes. Under the default switches nothing
    changes. In records that `select` cut down (`is_cut`), an absent field was not requested and stays absent.
    """
    fill = {} if is_cut else FILLS[switches.missing_dates]
    in_seconds = switches.dates_unit == "seconds"
    if not shape_name or not (fill or in_seconds):
        return document
    tree = _tree(shape_name)
    return changed(document, lambda record: _copied(record, tree, fill, in_seconds))


@cache
def _tree(shape_name: str) -> Tree:
    tree: Tree = {}
    for path in date_fields(shape_name):
        below = tree
        for key in path.replace("[]", ".[]").split("."):
            below = below.setdefault(key, {})
    return tree


def _copied(value: Any, tree: Tree, fill: Mapping[str, int | None], in_seconds: bool) -> Any:
    """Return the value with new dates. Only the objects and arrays that lead to a date are copied."""
    if not tree:
        return value // 1000 if in_seconds and isinstance(value, int) else value
    if isinstance(value, list):
        return [_copied(item, tree["[]"], fill, in_seconds) for item in value]
    if not isinstance(value, dict):
        return value
    copy = dict(value)
    for key, below in tree.items():
        if key in value:
            copy[key] = _copied(value[key], below, fill, in_seconds)
        elif fill and not below:
            copy[key] = fill["value"]
    return copy

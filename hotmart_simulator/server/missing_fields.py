"""Optional fields without a value, which may be sent as null (hotmart-api.md 5.8, 7.22)."""

from typing import Any

from hotmart_simulator.server.records import changed
from hotmart_simulator.shapes import Field, Shape, shapes
from hotmart_simulator.switches import Switches


def completed(document: Any, shape_name: str, switches: Switches, *, is_cut: bool) -> Any:
    """Return the document of a response with null for its absent optional fields, if the switches request it.

    Dates have a switch of their own, and a field that only the docs have may have another name in real responses, so
    both stay absent. In records that `select` cut down (`is_cut`), an absent field was not requested.
    """
    if switches.missing_fields != "null" or not shape_name or is_cut:
        return document
    shape = shapes()[shape_name]
    return changed(document, lambda record: _completed(shape, "", record))


def _completed(shape: Shape, path: str, value: Any) -> Any:
    """Return a copy of the value at a dotted path with null for each absent field. Records share parts with others."""
    known = shape.below.get(path, {})
    if isinstance(value, list) and known:
        return [_completed(shape, known["[]"].path, item) for item in value]
    if not isinstance(value, dict) or not known:
        return value
    copy = {key: _completed(shape, known[key].path, part) if key in known else part for key, part in value.items()}
    return copy | {key: None for key, field in known.items() if key not in value and _can_be_null(field)}


def _can_be_null(field: Field) -> bool:
    return "optional" in field.marks and "docs_only" not in field.marks and "ms" not in field.types

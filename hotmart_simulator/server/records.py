"""Change every record of a response, in each of the three forms of responses (hotmart-api.md 3.1, 3.4)."""

from collections.abc import Callable
from typing import Any


def changed(document: Any, change: Callable[[Any], Any]) -> Any:
    """Return the document with changed records: those of its envelope, those of an array, or the document itself."""
    if isinstance(document, list):
        return [change(record) for record in document]
    if not isinstance(document, dict) or not ("items" in document or "page_info" in document):
        return change(document)
    items = document.get("items")
    if not isinstance(items, list):
        return document
    return {**document, "items": [change(record) for record in items]}

"""Parse switches from the text of a command line: `dates_unit=seconds`."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from hotmart_simulator.switches import Switches, switch_types


def with_sides(switches: Switches, texts: Iterable[str]) -> Switches:
    """Return the switches with some fields set. A text is NAME=SIDE. The last text for a name counts.

    A side is a word, a whole number, `none`, `true` or `false`, or a comma list where the field holds several. Raise
    `ValueError` with a message of one line for an unknown name or side.
    """
    hints, changes = switch_types(), {}
    for text in texts:
        name, equals, side = text.partition("=")
        if not equals:
            raise ValueError(f"{text!r} is not of the form NAME=SIDE")
        if name not in hints:
            close = get_close_matches(name, hints, n=1)
            raise ValueError(f"there is no switch {name!r}" + (f", did you mean {close[0]}?" if close else ""))
        changes[name] = _parsed(name, side, hints[name])
    return replace(switches, **changes)


def _parsed(name: str, side: str, hint: Any) -> Any:
    """Return a side as the value of its field, whose type is `hint`."""
    if get_origin(hint) is Literal:
        sides = {str(value): value for value in get_args(hint)}
        return _chosen(name, side, sides)
    if get_origin(hint) is tuple:
        return tuple(part for part in side.split(",") if part)
    if hint is bool:
        return _chosen(name, side, {"true": True, "false": False})
    can_be_none = isinstance(hint, UnionType) and NoneType in get_args(hint)
    if can_be_none and side.lower() == "none":
        return None
    if not side.isascii() or not side.isdigit():
        raise ValueError(f"{name} is a whole number{' or none' if can_be_none else ''}, not {side!r}")
    return int(side)


def _chosen(name: str, side: str, sides: dict[str, Any]) -> Any:
    if side not in sides:
        raise ValueError(f"{name} is one of {', '.join(sides)}, not {side!r}")
    return sides[side]

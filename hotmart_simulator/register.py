"""Load `register.yaml`, the beliefs about Hotmart's API, and reject entries that are wrong or incomplete."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import yaml

from hotmart_simulator.switches import Switches, belief_names, switch_types

PATH: Final = Path(__file__).with_name("register.yaml")
MARKS: Final = ("OD", "RR", "TP", "CON", "INF", "none")
WHERE: Final = ("login", "server", "sales", "subscriptions", "products", "coupons", "members_area", "events", "user")
ROWS: Final = range(1, 37)  # of the table in beliefs.md
SECTION: Final = r"\d(\.\d+)*"
SideValue = str | int | None


@dataclass(frozen=True, slots=True)
class Side:
    """A value of a switch, and a sentence on what Hotmart does on that side."""

    value: SideValue
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One entry of the register. Without a switch it has one side, the belief itself."""

    id: str
    belief: str
    mark: tuple[str, ...]
    source: str
    where: str
    beliefs_row: tuple[int, ...] = ()
    switch: str = ""
    sides: tuple[Side, ...] = ()
    default: SideValue = None
    why_default: str = ""
    contradiction: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether official docs and real responses alone support it, without a conflict."""
        return all(mark in ("OD", "RR") for mark in self.mark)


def load(path: Path = PATH) -> tuple[Belief, ...]:
    """Return all entries. Raise ValueError that names the entry and its faults."""
    return _beliefs(path.read_text("utf-8"))


@cache
def _beliefs(text: str) -> tuple[Belief, ...]:
    beliefs = tuple(_belief(place, entry) for place, entry in enumerate(yaml.safe_load(text), 1))
    for key in ("id", "switch"):
        seen = {""}
        for belief in beliefs:
            name = getattr(belief, key)
            if name in seen and name:
                raise ValueError(f"{belief.id}: another entry has the {key} {name}")
            seen.add(name)
    return beliefs


def other_sides() -> list[tuple[Belief, Side]]:
    """Return each side that is not the default, with its belief."""
    return [(belief, side) for belief in load() for side in belief.sides if side.value != belief.default]


def _belief(place: int, entry: Any) -> Belief:
    if not isinstance(entry, dict):
        raise ValueError(f"entry {place}: it is not a mapping")
    values: dict[str, Any] = {**entry, "mark": [entry["mark"]]} if isinstance(entry.get("mark"), str) else entry
    types: dict[str, Any] = {"mark": list, "beliefs_row": list, "sides": dict, "default": SideValue}
    faults = [f"{key} is no key of an entry" for key in values.keys() - {field.name for field in fields(Belief)}]
    faults += [f"{key} is missing" for key in ("id", "belief", "mark", "source", "where") if not values.get(key)]
    faults += [f"{key} has the wrong type" for key in values if not isinstance(values[key], types.get(key, str))]
    if not faults:
        lists: dict[str, Any] = {key: tuple(values[key]) for key in ("mark", "beliefs_row") if key in values}
        sides = tuple(Side(value, str(sentence)) for value, sentence in values.get("sides", {}).items())
        belief = Belief(**values | lists | {"sides": sides})
        faults = [*_faults_of_text(belief), *_faults_of_sides(belief)]
    if faults:
        raise ValueError(f"{values.get('id', f'entry {place}')}: {', '.join(faults)}")
    return belief


def _faults_of_text(belief: Belief) -> Iterator[str]:
    sentences = [belief.belief, *(side.sentence for side in belief.sides), belief.contradiction or "."]
    yield from (f"no full stop ends {text!r}" for text in sentences if not text.endswith("."))
    yield from (f"a semicolon is in {text!r}" for text in (*sentences, belief.why_default) if ";" in text)
    if not all(mark in MARKS for mark in belief.mark) or ("none" in belief.mark and len(belief.mark) > 1):
        yield f"mark is of {', '.join(MARKS)}, and none stands alone"
    if ("CON" in belief.mark) != bool(re.search(SECTION, belief.contradiction)):
        yield "the mark CON and a contradiction that names its sections require each other"
    if not re.fullmatch(rf"{SECTION}(, {SECTION})*", belief.source):
        yield "source is a list of sections such as 4.6, 0.5"
    if belief.where not in WHERE:
        yield f"where is one of {', '.join(WHERE)}"
    if not all(row in ROWS for row in belief.beliefs_row):
        yield f"beliefs_row is of {ROWS[0]} to {ROWS[-1]}"


def _faults_of_sides(belief: Belief) -> Iterator[str]:
    values, hint = [side.value for side in belief.sides], switch_types().get(belief.switch)
    if not belief.switch:
        if values or belief.why_default or belief.default is not None or not belief.is_certain:
            yield "an entry without a switch has no sides and only the marks OD and RR"
        return
    if belief.switch not in belief_names():
        yield f"{belief.switch} is no field of Switches for a belief"
        return
    if get_origin(hint) is Literal and set(values) != set(get_args(hint)):
        yield f"sides are exactly {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is not Literal and (len(values) < 2 or {*map(type, values)} - {*(get_args(hint) or (hint,))}):
        yield "sides are at least two numbers that the switch can have"
    if belief.default not in values or belief.default != getattr(Switches(), belief.switch):
        yield f"default is {getattr(Switches(), belief.switch)}, as in Switches, and one of the sides"
    if not belief.is_certain and not belief.why_default:
        yield "why_default is missing, as the default is not simply documented or seen"

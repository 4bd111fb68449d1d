"""Query parameters: the ones that each endpoint knows, and how their values are parsed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotmart_simulator.server.errors import wrong_parameter, wrong_value

Parse = Callable[[str, str], Any]
LARGEST = 2**63 - 1  # the API's numbers are longs


def text(name: str, value: str) -> str:
    return value


def number(name: str, value: str) -> int:
    """Parse a whole number. Date parameters are in milliseconds."""
    if not value.isascii() or not value.isdigit() or int(value) > LARGEST:
        raise wrong_value(name, "a number is expected")
    return int(value)


def count(name: str, value: str) -> int:
    """Parse a page size."""
    rows = number(name, value)
    if rows < 1 or rows > 2**31 - 1:
        raise wrong_value(name, "a number of at least 1 is expected")
    return rows


def flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise wrong_value(name, "true or false is expected")
    return value == "true"


def one_of(values: Iterable[str]) -> Parse:
    """Return a parser for one value of an enum. A comma list is no such value (hotmart-api.md 4.0.2)."""
    known = frozenset(values)

    def parse(name: str, value: str) -> str:
        if value not in known:
            raise wrong_parameter(name, f"{value} is not a valid value")
        return value

    return parse


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `repeats` is whether it may occur more than once."""

    parse: Parse
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query: single values, lists of the repeated ones, and the ids in the path."""

    values: Mapping[str, Any]
    path: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    @property
    def fingerprint(self) -> str:
        """Return everything that has to stay the same while a client follows page tokens (3.3)."""
        kept = sorted((name, repr(value)) for name, value in self.values.items() if name != "page_token")
        return repr((kept, sorted(self.path.items())))


def understood(
    known: Mapping[str, Parameter],
    pairs: Iterable[tuple[str, str]],
    path: Mapping[str, str] | None = None,
    *,
    split_lists: bool = False,
    on_unknown: Callable[[str], None] | None = None,
) -> Asked:
    """Parse a query. Raise `Refusal` for its first mistake.

    `split_lists` treats commas as repetition. An unknown parameter is a mistake, unless `on_unknown` is given: then it
    receives the name and the parameter is ignored (hotmart-api.md 0.5).
    """
    values: dict[str, Any] = {}
    for name, value in pairs:
        parameter = known.get(name)
        if parameter is None:
            if on_unknown is None:
                raise wrong_parameter(name, "it is not a parameter of this resource")
            on_unknown(name)
            continue
        if not value:
            raise wrong_value(name, "it is empty")
        if parameter.repeats:
            parts = value.split(",") if split_lists else [value]
            values.setdefault(name, []).extend(parameter.parse(name, part) for part in parts)
        elif name in values:
            raise wrong_parameter(name, "it is given more than once")
        else:
            values[name] = parameter.parse(name, value)
    return Asked(values, path or {})

"""How the connector behaves under each answer, and the beliefs that the probe does not check. Read from YAML files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from hotmart_simulator.register import SideValue

HERE: Final = Path(__file__).parent
CONSEQUENCES: Final = HERE / "consequences"
UNASKED: Final = HERE / "unasked.yaml"


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """One side of one belief: how the connector behaves, what could be removed from it, or what it loses.

    Without `loses` the connector reads all rows.
    """

    does: str
    remove: str = ""
    loses: str = ""

    @property
    def words(self) -> str:
        """Return all of it as text for the table."""
        remove = f" Could be removed: {self.remove}" if self.remove else ""
        return f"{'LOSES: ' + self.loses if self.loses else 'Complete.'} {self.does}{remove}"


def consequences() -> dict[str, Mapping[SideValue, Consequence]]:
    """Return the consequences by the id of the belief and by side. Raise ValueError for an id in two files."""
    found: dict[str, Mapping[SideValue, Consequence]] = {}
    for path in sorted(CONSEQUENCES.glob("*.yaml")):
        for belief_id, sides in _read(path).items():
            if belief_id in found:
                raise ValueError(f"{path.name}: {belief_id} is in another file as well")
            found[belief_id] = {side: Consequence(**entry) for side, entry in sides.items()}
    return found


def unasked() -> dict[str, str]:
    """Return the reasons for not checking a belief, by its id."""
    return _read(UNASKED)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content

"""Print the probe's results."""

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.live_probe.question import Finding, Kind

STYLES: Final = {Kind.COMPLETE: None, Kind.LOSES: "bold red", Kind.UNFORESEEN: "yellow", Kind.NOT_TOLD: "dim"}


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print a line for each question."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("belief", ratio=3, overflow="fold")
    table.add_column("what Hotmart did", ratio=4, overflow="fold")
    table.add_column("what the connector does then", ratio=5, overflow="fold")
    for finding in findings:
        table.add_row(*map(escape, (finding.belief, finding.did, finding.does)), style=STYLES[finding.kind])
    console.print(table)


def summary(findings: Sequence[Finding], calls: int) -> str:
    """Return one sentence for the end."""
    counts = {kind: sum(finding.kind is kind for finding in findings) for kind in Kind}
    told = len(findings) - counts[Kind.NOT_TOLD]
    unforeseen = f" No side foresees {counts[Kind.UNFORESEEN]} of them." if counts[Kind.UNFORESEEN] else ""
    return (
        f"{told} of {len(findings)} questions answered in {calls} calls. The connector loses rows or fails under "
        f"{counts[Kind.LOSES] or 'none'} of the answers.{unforeseen}"
    )

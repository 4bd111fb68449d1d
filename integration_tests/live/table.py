"""What the probe prints."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from integration_tests.live.question import Finding

Section = tuple[str, Sequence[Finding]]


def print_findings(console: Console, sections: Sequence[Section]) -> None:
    """A line for each question, under the title of its section."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("assumption", ratio=3, overflow="fold")
    table.add_column("what Hotmart did", ratio=4, overflow="fold")
    table.add_column("does the connector depend on it", ratio=3, overflow="fold")
    table.add_column("is it safe", ratio=2, overflow="fold")
    for title, findings in sections:
        table.add_row(f"[bold]{escape(title)}[/]")
        for finding in findings:
            cells = (finding.assumption, finding.did, finding.depends, safety(finding))
            table.add_row(*map(escape, cells), style=_style(finding))
        table.add_section()
    console.print(table)


def safety(finding: Finding) -> str:
    """The last column."""
    if not finding.is_told:
        return "not told"
    return f"NO: {finding.danger}" if finding.danger else "yes"


def _style(finding: Finding) -> str | None:
    if not finding.is_told:
        return "dim"
    return "bold red" if finding.danger else None


def summary(sections: Sequence[Section], calls: int) -> str:
    """One sentence for the end."""
    findings = [finding for _, found in sections for finding in found]
    unsafe = sum(bool(finding.danger) for finding in findings)
    told = sum(finding.is_told for finding in findings)
    return f"{told} of {len(findings)} questions answered in {calls} calls, {unsafe or 'none'} unsafe."

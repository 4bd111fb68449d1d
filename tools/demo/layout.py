"""The look of the demo's tables."""

from rich import box
from rich.console import Console
from rich.table import Table


def new_table(first: str, *others: str, numbers: int | None = None) -> Table:
    """Return an empty table. The last `numbers` columns are aligned to the right, by default all but the first."""
    texts = 1 if numbers is None else len(others) + 1 - numbers
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, header in enumerate((first, *others)):
        table.add_column(header, justify="left" if place < texts else "right")
    return table


def print_title(console: Console, text: str) -> None:
    """Print the title of a part, after an empty line."""
    console.print(f"\n[bold]{text}[/]")

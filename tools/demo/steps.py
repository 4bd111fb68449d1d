"""Print the demo's steps as they happen: one line for each finished step, and the progress of the current one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

QUIET_S: Final = 10
"""Seconds between two progress messages of a long step when the output is no terminal."""
NAME_WIDTH: Final = 12


class Step:
    """A step that is running."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        """The progress. At the end, the result."""

    def tell(self, text: str) -> None:
        """Report the progress."""
        self.text = text


class Steps:
    """Prints steps to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run a step, and print its line when it succeeds."""
        step = Step(name)
        started_s = time.monotonic()
        with self._live(step):
            yield step
        self._print(step, time.monotonic() - started_s)

    def _print(self, step: Step, seconds: float) -> None:
        text = escape(step.text)
        self._console.print(f"[bold]{step.name:<{NAME_WIDTH}}[/] {text} [dim]({seconds:.1f} s)[/]")

    @contextmanager
    def _live(self, step: Step) -> Iterator[None]:
        """Show the progress from a thread, because the step itself may be waiting."""
        done = Event()
        is_live = self._console.is_interactive and self._console.file.isatty()
        show = Thread(target=self._spin if is_live else self._report, args=(step, done))
        show.start()
        try:
            yield
        finally:
            done.set()
            show.join()

    def _spin(self, step: Step, done: Event) -> None:
        columns = (SpinnerColumn("line"), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(step.name, total=None)
            while not done.wait(0.1):
                progress.update(task, description=f"{step.name:<{NAME_WIDTH}} {step.text}")

    def _report(self, step: Step, done: Event) -> None:
        started_s = time.monotonic()
        while not done.wait(QUIET_S):
            seconds = time.monotonic() - started_s
            self._console.print(f"{step.name:<{NAME_WIDTH}} ... {escape(step.text)} ({seconds:.0f} s)")

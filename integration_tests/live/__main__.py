"""Ask a real account what the documentation leaves open: read-only, at most 60 calls, nothing personal printed."""

import argparse
import sys
from pathlib import Path

from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from rich.console import Console
from rich.markup import escape

from integration_tests.live.account import Account
from integration_tests.live.failure import OutOfCalls, ProbeFailed
from integration_tests.live.probe import MAX_CALLS, Probe
from integration_tests.live.questions import SECTIONS
from integration_tests.live.settings import read_settings
from integration_tests.live.table import Section, print_findings, summary

WIDTH = 150
"""Of the table where the output is no terminal."""


def ask_all(console: Console, config_file: Path, max_calls: int) -> int:
    """0 when nothing is unsafe, else 1. Raises `ProbeFailed` when the account cannot be asked at all."""
    config = read_settings(config_file)
    try:
        probe = Probe(config, max_calls)
        probe.log_in()
    except AirbyteTracedException as refused:
        raise ProbeFailed(str(refused.message)) from None
    except OutOfCalls:
        raise ProbeFailed("give at least one call, for the login") from None
    account = Account(probe, config)
    sections: list[Section] = []
    for title, questions in SECTIONS:
        with console.status(f"{title}, {probe.calls} of {max_calls} calls"):
            sections.append((title, [question.finding(account) for question in questions]))
    print_findings(console, sections)
    console.print(summary(sections, probe.calls))
    return 1 if any(finding.danger for _, findings in sections for finding in findings) else 0


def main() -> int:
    """Run the probe by its command line."""
    parser = argparse.ArgumentParser(prog="python -m integration_tests.live", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("secrets/config.json"), help="default secrets/config.json")
    parser.add_argument("--calls", type=int, default=MAX_CALLS, help=f"at most, {MAX_CALLS} by default and no more")
    asked = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    try:
        return ask_all(console, asked.config, min(asked.calls, MAX_CALLS))
    except ProbeFailed as failure:
        console.print(f"live: {escape(str(failure))}", style="bold red", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print("live: stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())

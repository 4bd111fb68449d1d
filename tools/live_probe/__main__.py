"""Ask a real account which beliefs about Hotmart's API hold: read-only, at most 60 calls, nothing personal printed."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hotmart_simulator import register
from tools.live_probe.account import Account
from tools.live_probe.client import MAX_CALLS, Client
from tools.live_probe.consequence import consequences
from tools.live_probe.failure import ProbeFailed
from tools.live_probe.question import Kind, finding
from tools.live_probe.questions import QUESTIONS
from tools.live_probe.settings import read_settings
from tools.live_probe.table import print_findings, summary

WIDTH = 180
"""Width of the table when the output is no terminal."""


def ask_all(console: Console, config_file: Path, max_calls: int) -> int:
    """Return 0, or 1 if the connector loses rows under an answer. Raise ProbeFailed where nothing can be asked."""
    beliefs = {belief.id: belief for belief in register.load()}
    known = consequences()
    settings = read_settings(config_file)
    client = Client(settings, max_calls)
    client.log_in()
    account = Account(client, settings.members_areas)
    findings = []
    for belief_id, ask in QUESTIONS.items():
        with console.status(f"{belief_id}, {client.calls} of {max_calls} calls"):
            findings.append(finding(beliefs[belief_id], ask, account, known[belief_id])[0])
    print_findings(console, findings)
    console.print(summary(findings, client.calls))
    return 1 if any(found.kind is Kind.LOSES for found in findings) else 0


def main() -> int:
    """Run the probe by its command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.live_probe", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("secrets/config.json"), help="default secrets/config.json")
    parser.add_argument(
        "--calls",
        type=int,
        default=MAX_CALLS,
        help=f"maximum number of requests, at most {MAX_CALLS}, which is the default",
    )
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

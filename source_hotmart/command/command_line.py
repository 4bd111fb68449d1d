"""Parse the command line: Airbyte's four commands, and one that prints a catalog for a read."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "airbyte-source-hotmart"

DESCRIPTION = "Airbyte source connector for Hotmart. Prints messages of the Airbyte protocol, one JSON object per line."
EXAMPLES = """\
from the first check to an incremental read:
  source-hotmart check --config config.json
  source-hotmart catalog --config config.json > catalog.json
  source-hotmart read --config config.json --catalog catalog.json > first.jsonl
  source-hotmart read --config config.json --catalog catalog.json --state first.jsonl > second.jsonl
"""


def parse(args: Sequence[str]) -> Namespace:
    """Return the parsed command line. Print the usage and raise `SystemExit` (2) if it is invalid."""
    parser = ArgumentParser(
        prog="source-hotmart",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"source-hotmart {_version()}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)

    debug = ArgumentParser(add_help=False)
    debug.add_argument("--debug", action="store_true", help="log more lines, such as every date range that is read")
    config = ArgumentParser(add_help=False)
    config.add_argument("--config", required=True, metavar="FILE", help="your settings, a JSON object")

    commands.add_parser("spec", parents=[debug], help="print the form of the settings, as a JSON schema")
    commands.add_parser("check", parents=[config, debug], help="check that the settings give access to the account")
    commands.add_parser("discover", parents=[config, debug], help="print the streams that can be read")
    read = commands.add_parser("read", parents=[config, debug], help="read streams, and print records and states")
    read.add_argument("--catalog", required=True, metavar="FILE", help="the streams to read, as `catalog` prints them")
    read.add_argument(
        "--state", metavar="FILE", help="where to continue: the output of the last read, or the states in it"
    )
    catalog = commands.add_parser(
        "catalog", parents=[config], help="print a catalog for `read` with the streams that these settings allow"
    )
    catalog.add_argument("streams", nargs="*", metavar="STREAM", help="the streams to read (default: all)")
    catalog.add_argument(
        "--full-refresh", action="store_true", help="read every stream in full (default: incremental where possible)"
    )
    return parser.parse_args(args)


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:  # run from its sources, without being installed
        return "(not installed)"

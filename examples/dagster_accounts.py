"""Many Hotmart accounts side by side, with Dagster: a step for each, with its own process, state and rows.

    accounts/
        first_school/config.json      settings as in secrets/config.example.json; the folder's name is the account's
        second_school/config.json

    pip install 'dagster>=1.13,<1.14'
    dagster job execute -f examples/dagster_accounts.py -j sync_accounts -c accounts.yaml

A run syncs every account once and writes `records.jsonl` and `state.json` beside its settings, readable for you only.
An account that fails is reported and does not affect the others. Run it again, and each continues from its own state.
See docs/development/scaling.md.

Retention: `records.jsonl` holds personal data (unless the settings hash or drop it) and grows with every run, because
rows are appended. Delete it after each load into your database. `state.json` holds ids and dates and has to stay.
Dagster keeps its runs and logs in $DAGSTER_HOME, without rows. Delete old ones there, and an account's whole folder
when you stop reading the account.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import dagster

Message = dict[str, Any]

CONNECTOR = os.environ.get("SOURCE_HOTMART", ".venv/bin/source-hotmart")
"""The command of the connector. It is not a setting of a run, or whoever may start a run could start any program."""

FOR_OWNER_ONLY = 0o077
"""The umask of a step: nobody else may read rows and states."""


class Accounts(dagster.Config):
    """Where the accounts are, and which streams to read."""

    folder: str = "accounts"
    catalog: str = "integration_tests/configured_catalog.json"


@dagster.op(out=dagster.DynamicOut(dict))
def find_accounts(config: Accounts) -> Iterator[dagster.DynamicOutput[dict[str, str]]]:
    """Every folder that holds settings; its name may have letters, digits and underscores."""
    for path in sorted(Path(config.folder).glob("*/config.json")):
        account = {"folder": str(path.parent), "catalog": config.catalog}
        yield dagster.DynamicOutput(account, mapping_key=path.parent.name)


@dagster.op
def sync_account(context: dagster.OpExecutionContext, account: dict[str, str]) -> int:
    """Read what is new in one account; raises `Failure` with the connector's own sentence. Gives the number of rows."""
    os.umask(FOR_OWNER_ONLY)  # of this step's own process
    folder, state = Path(account["folder"]), State(Path(account["folder"]) / "state.json")
    command = [CONNECTOR, "read", "--config", str(folder / "config.json"), "--catalog", account["catalog"]]
    rows, failures = 0, list[Message]()
    with (
        (folder / "records.jsonl").open("a", encoding="utf-8") as records,
        subprocess.Popen(
            [*command, *state.arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as connector,
    ):
        assert connector.stdout
        for message in map(json.loads, connector.stdout):
            if message["type"] == "RECORD":
                records.write(json.dumps(message["record"]) + "\n")
                rows += 1
            elif message["type"] == "STATE":
                state.keep(message["state"], records)
            elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
                failures.append(message["trace"]["error"])
    context.log.info(f"{folder.name}: {rows} rows")
    if connector.returncode:
        raise dagster.Failure(f"{folder.name}: {sentences(failures) or 'the connector ended without a word'}")
    return rows


def sentences(failures: list[Message]) -> str:
    """Each stream's own sentence once; the last failure of a sync repeats those of all streams."""
    of_streams = [failure for failure in failures if failure.get("stream_descriptor")]
    return " ".join(dict.fromkeys(failure["message"] for failure in of_streams or failures))


class State:
    """The last state of each stream of an account, on disk as soon as its records are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = json.loads(path.read_text("utf-8")) if path.exists() else []
        self._streams = {state["stream"]["stream_descriptor"]["name"]: state for state in kept}

    @property
    def arguments(self) -> list[str]:
        """What tells the connector to continue from here."""
        return ["--state", str(self._path)] if self._path.exists() else []

    def keep(self, state: Message, records: TextIO) -> None:
        """Replace a stream's state, in one step: a kill leaves the old file or the new one."""
        records.flush()
        self._streams[state["stream"]["stream_descriptor"]["name"]] = state
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(list(self._streams.values())), encoding="utf-8")
        new.replace(self._path)


SIDE_BY_SIDE = dagster.multiprocess_executor.configured(
    {"max_concurrent": 5, "start_method": {"forkserver": {"preload_modules": ["dagster"]}}}
)
"""Five accounts at a time, each step in a process that need not load Dagster anew."""


@dagster.job(executor_def=SIDE_BY_SIDE)
def sync_accounts() -> None:
    """Every account once."""
    find_accounts().map(sync_account)


definitions = dagster.Definitions(
    jobs=[sync_accounts], schedules=[dagster.ScheduleDefinition(job=sync_accounts, cron_schedule="0 * * * *")]
)

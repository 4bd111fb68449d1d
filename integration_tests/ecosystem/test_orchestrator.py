"""Twenty accounts read in parallel by Dagster, as in examples/dagster_accounts.py."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from dagster import DagsterInstance

from tools.rows import Difference, HeldRow, difference, held_rows, key_of, sent

ROOT = Path(__file__).parent.parent.parent
CONNECTOR = ROOT / os.environ.get("VENV", ".venv") / "bin" / "source-hotmart"
"""The connector and the simulators run in their own environment, as they do for users."""

ACCOUNTS = 20
AT_A_TIME = 5
"""Number of accounts that the example reads at the same time."""

CATALOG = ROOT / "integration_tests" / "configured_catalog.json"
SALES = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")
LATE = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")
"""Statuses that every sync re-reads for twelve months, independently of the look-back."""
AGEING = ("subscription_summary", "subscription_purchases")
"""Streams with a field that changes with time alone, possibly between the sync and the comparison."""

WRAPPER = """\
#!/bin/sh
# Every account has a Hotmart of its own here; and a line at the start and the end of each read.
. "$(dirname "$3")/hosts.sh"
echo start >> {log}
{connector} "$@"
code=$?
echo end >> {log}
exit $code
"""


@dataclass(frozen=True)
class Account:
    """One account: its simulator and the folder where the example stores it."""

    url: str
    config: Mapping[str, Any]
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def set_up(self, **changes: str) -> None:
        """Write the settings with some values changed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.json").write_text(json.dumps({**self.config, **changes}), encoding="utf-8")
        hosts = f"export HOTMART_API_URL={self.url} HOTMART_AUTH_URL={self.url}\n"
        (self.folder / "hosts.sh").write_text(hosts, encoding="utf-8")

    def control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.url}/_simulator/{name}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def held(self, stream: str) -> list[HeldRow]:
        """Return Hotmart's current rows."""
        return held_rows(self.control("GET", f"expected/{stream}"))

    def records(self) -> list[dict[str, Any]]:
        """Return all records loaded so far, in order of arrival."""
        path = self.folder / "records.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Account]]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    command = [str(CONNECTOR.with_name("python")), "-m", "integration_tests.ecosystem.many_accounts", str(ACCOUNTS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as simulators:
        try:
            assert simulators.stdout
            ready = json.loads(simulators.stdout.readline())
            yield [
                Account(item["url"], item["config"], tmp_path / "accounts" / f"school_{number:02}")
                for number, item in enumerate(ready, start=1)
            ]
        finally:
            simulators.terminate()


class Orchestrator:
    """Dagster's command line, with its own home folder and telemetry off."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "dagster"
        self._home.mkdir()
        (self._home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
        self._reads = folder / "reads.log"
        wrapper = folder / "connector"
        wrapper.write_text(WRAPPER.format(connector=CONNECTOR, log=self._reads), encoding="utf-8")
        wrapper.chmod(0o755)
        self._connector = wrapper
        settings = {"folder": str(folder / "accounts"), "catalog": str(CATALOG)}
        self._settings = folder / "accounts.yaml"
        self._settings.write_text(
            json.dumps({"ops": {"find_accounts": {"config": settings}}}), encoding="utf-8"
        )  # JSON is YAML

    def run(self) -> tuple[int, str, int]:
        """Run the job once. Return the exit code, the output, and the number of accounts that were read at the same
        time."""
        self._reads.write_text("", encoding="utf-8")
        example = ROOT / "examples" / "dagster_accounts.py"
        dagster = Path(sys.executable).with_name("dagster")
        done = subprocess.run(
            [dagster, "job", "execute", "-f", example, "-j", "sync_accounts", "-c", self._settings],
            env={**os.environ, "DAGSTER_HOME": str(self._home), "SOURCE_HOTMART": str(self._connector)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running = most = 0
        for line in self._reads.read_text("utf-8").split():
            running += 1 if line == "start" else -1
            most = max(most, running)
        return done.returncode, done.stdout, most

    def failures(self) -> str:
        """Return the errors of the last run's steps from Dagster's event log, because process output lines can mix."""
        with DagsterInstance.from_config(str(self._home)) as instance:
            (run,) = instance.get_runs(limit=1)
            events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.is_dagster_event]
            failed = [event.step_failure_data for event in events if event and event.is_step_failure]
            return "\n".join(str(data.user_failure_data.description) for data in failed if data.user_failure_data)


def streams_of_catalog() -> list[str]:
    return [item["stream"]["name"] for item in json.loads(CATALOG.read_text("utf-8"))["streams"]]


def came(records: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    """Return the newest loaded row of each key of a stream. The example appends the rows of each sync."""
    rows = (record["data"] for record in records if record["stream"] == stream)
    return list({key_of(stream, row): row for row in rows}.values())


def differing(account: Account, *streams: str, syncs: int) -> list[Difference]:
    """Compare the rows loaded by a number of syncs with Hotmart's rows, for all streams by default."""
    records = account.records()
    found = (
        difference(stream, account.held(stream), came(records, stream), after_increments=syncs > 1 or stream in AGEING)
        for stream in streams or streams_of_catalog()
    )
    return [item for item in found if item]


def keys_of(records: list[dict[str, Any]], stream: str) -> set[str]:
    return {key_of(stream, row) for row in came(records, stream)}


def read_again(records: list[dict[str, Any]]) -> set[str]:
    """Return the sales that a second sync may deliver again: of the last day, and late statuses of twelve months."""
    now = datetime.now(UTC)

    def is_within(sale: dict[str, Any], days: int) -> bool:
        return datetime.fromisoformat(sale["order_date"]) > now - timedelta(days=days)

    return {
        sale["id"]
        for sale in came(records, "sales_history")
        if is_within(sale, 2) or (sale["purchase"]["status"] in LATE and is_within(sale, 370))
    }


def test_two_failing_accounts_do_not_affect_eighteen_parallel_ones(
    accounts: list[Account], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, forbidden, *healthy = accounts
    for account in accounts:
        account.set_up()
    secret = "not-the-secret"
    token = base64.b64encode(f"{wrong.config['client_id']}:{secret}".encode()).decode()
    wrong.set_up(client_secret=secret, token=token)
    forbidden.control("POST", "switches", {"refused_families": ["products"]})
    orchestrator = Orchestrator(tmp_path)

    began_s = time.monotonic()
    code, said, at_a_time = orchestrator.run()
    first_s = time.monotonic() - began_s

    assert code != 0
    failures = orchestrator.failures()
    assert f"{wrong.name}: Hotmart rejected the Client ID and Client Secret." in failures
    refused = "products: These credentials have no permission to read this stream (403)."
    assert [line for line in failures.splitlines() if line.startswith(f"{forbidden.name}: ") and refused in line]
    assert secret not in said
    assert {line.partition(":")[0] for line in failures.splitlines()} == {wrong.name, forbidden.name}
    none = {account.name: list[Difference]() for account in healthy}
    assert {account.name: differing(account, syncs=1) for account in healthy} == none
    assert wrong.records() == []
    assert not came(forbidden.records(), "products")
    assert not differing(forbidden, "sales_history", syncs=1)
    assert 1 < at_a_time <= AT_A_TIME
    written = [account.folder / name for account in healthy for name in ("records.jsonl", "state.json")]
    assert {oct(path.stat().st_mode & 0o777) for path in written} == {"0o600"}

    had = {account.name: account.records() for account in accounts}
    new = {account.name: set(account.control("POST", "move", {"sales": 3})["sales"]) for account in accounts}
    wrong.set_up()
    forbidden.control("POST", "switches", {"refused_families": []})

    began_s = time.monotonic()
    code, said, at_a_time = orchestrator.run()
    second_s = time.monotonic() - began_s

    assert code == 0, said[-2000:]
    none = {account.name: list[Difference]() for account in accounts}
    assert {account.name: differing(account, syncs=2) for account in accounts} == none
    for account in (forbidden, *healthy):
        brought = account.records()[len(had[account.name]) :]
        allowed = new[account.name] | read_again(had[account.name])
        for stream in SALES:
            sales = keys_of(brought, stream)
            assert sales <= allowed, f"{account.name}, {stream}: read again without need"
            held = {key_of(stream, sent(stream, row)) for row in account.held(stream)}
            assert sales >= new[account.name] & held
    with capsys.disabled():
        firsts = sum(len(records) for records in had.values())
        seconds = sum(len(account.records()) for account in accounts) - firsts
        sys.stdout.write(
            f"\n{ACCOUNTS} accounts, up to {at_a_time} at a time: first run {firsts:,} rows in {first_s:.0f} s, "
            f"{wrong.name} and {forbidden.name} failed; second run {seconds:,} rows in {second_s:.0f} s, all complete\n"
        )

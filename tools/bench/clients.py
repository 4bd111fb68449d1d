"""Command lines of the measured clients: the connector, the low-code manifest, and the floor."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

HERE: Final = Path(__file__).parent
SALES_STREAMS: Final = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")
WHOLE: Final = {
    *("products", "product_offers", "product_plans", "coupons", "subscription_summary"),
    *("club_students", "club_modules", "club_pages"),
}
"""The streams that `catalog` selects as full refresh."""


def connector(
    folder: Path,
    config: Mapping[str, Any],
    streams: Sequence[str],
    state: Sequence[Mapping[str, Any]] | None = None,
) -> list[str]:
    """Return the connector's own command, as Airbyte starts it."""
    installed = Path(sys.executable).with_name("source-hotmart")
    command = [str(installed), "read"] if installed.exists() else [sys.executable, "-m", "source_hotmart.run", "read"]
    command += ["--config", _file(folder, "config", config), "--catalog", _file(folder, "catalog", catalog(streams))]
    return command if state is None else [*command, "--state", _file(folder, "state", state)]


def low_code(folder: Path, config: Mapping[str, Any], url: str, streams: Sequence[str]) -> list[str]:
    """Return the CDK's command that runs the manifest beside this module."""
    settings = {**config, "api_url": url, "auth_url": url}
    installed = Path(sys.executable).with_name("source-declarative-manifest")
    return [
        *(str(installed), "read", "--manifest-path", str(HERE / "manifest.yaml")),
        *("--config", _file(folder, "low-code-config", settings)),
        *("--catalog", _file(folder, "catalog", catalog(streams))),
    ]


def floor(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """Return the command of the floor: requests, orjson and print."""
    return [sys.executable, str(HERE / "floor.py"), _file(folder, "config", config)]


def catalog(streams: Sequence[str]) -> dict[str, Any]:
    """Return a configured catalog of these streams, incremental where they have a cursor."""
    configured = []
    for name in streams:
        is_incremental = name not in WHOLE
        stream = {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
        configured.append(
            {
                "stream": stream,
                "sync_mode": "incremental" if is_incremental else "full_refresh",
                "destination_sync_mode": "append_dedup" if is_incremental else "overwrite",
            }
        )
    return {"streams": configured}


def _file(folder: Path, name: str, content: Any) -> str:
    path = folder / f"{name}.json"
    path.write_bytes(orjson.dumps(content))
    return str(path)

"""Read the credentials of the account from the configuration file of the connector."""

import base64
import json
import os
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tools.live_probe.failure import ProbeFailed

API_URLS: Final = {"production": "https://developers.hotmart.com", "sandbox": "https://sandbox.hotmart.com"}
LOGIN_URL: Final = "https://api-sec-vlc.hotmart.com"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
COPY: Final = "Copy it from Hotmart: Tools > Developer Credentials."
COMPARE: Final = "compare it with secrets/config.example.json."


@dataclass(frozen=True)
class Settings:
    """The credential, the members areas, and the hosts (without a trailing slash)."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    basic: str = field(repr=False)
    members_areas: tuple[str, ...]
    api_url: str
    login_url: str


def read_settings(path: Path) -> Settings:
    """Return the settings in a file. Raise ProbeFailed with what to correct, without quoting a value of the file."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ProbeFailed(
            f"{path} is missing: copy secrets/config.example.json to it and put in your client_id, client_secret and "
            "token from Hotmart, Tools > Developer Credentials, with a start_date and, if there is one, your "
            "members_area_subdomain."
        ) from None
    except (OSError, ValueError):  # the exception's text may quote the file
        raise ProbeFailed(f"{path} is not valid JSON: {COMPARE}") from None
    if not isinstance(values, dict):
        raise ProbeFailed(f"{path} does not contain a JSON object: {COMPARE}")
    try:
        return _settings({name: value.strip() if isinstance(value, str) else value for name, value in values.items()})
    except ProbeFailed as problem:
        raise ProbeFailed(f"{path}: {problem}") from None


def _settings(values: dict[str, Any]) -> Settings:
    for name in ("client_id", "client_secret", "token"):
        if not values.get(name) or not isinstance(values[name], str):
            raise ProbeFailed(f"{name}: it is missing. {COPY}")
    basic = base64.b64encode(f"{values['client_id']}:{values['client_secret']}".encode()).decode()
    # Users paste the Basic value with or without the word, and with line ends (hotmart-api.md 1.1).
    token = "".join(re.sub(r"^basic\s+", "", values["token"], flags=re.IGNORECASE).split())
    if token.rstrip("=") != basic.rstrip("="):
        raise ProbeFailed(f"token: it does not belong to this client_id and client_secret. {COPY}")
    try:
        date.fromisoformat(str(values.get("start_date"))[:10])
    except ValueError:
        raise ProbeFailed("start_date: it is not a date. Give a day such as 2024-01-01.") from None
    environment = values.get("environment") or "production"
    if environment not in API_URLS:
        raise ProbeFailed("environment: choose production or sandbox.")
    return Settings(
        client_id=values["client_id"],
        client_secret=values["client_secret"],
        basic=basic,
        members_areas=_members_areas(values.get("members_area_subdomain") or ""),
        api_url=_host("HOTMART_API_URL", API_URLS[environment]),
        login_url=_host("HOTMART_AUTH_URL", LOGIN_URL),
    )


def _members_areas(text: object) -> tuple[str, ...]:
    """Return the names in a comma list. An address such as hotmart.com/club/NAME counts as its name."""
    if not isinstance(text, str):
        raise ProbeFailed("members_area_subdomain: it is not text. Give names, separated by commas.")
    names = [re.sub(r"^.*/club/([^/]+).*$", r"\1", part.strip()) for part in text.split(",") if part.strip()]
    if not all(re.fullmatch(r"[A-Za-z0-9][\w-]*", name, re.ASCII) for name in names):
        raise ProbeFailed("members_area_subdomain: it is not a name. Give NAME in hotmart.com/club/NAME.")
    return tuple(dict.fromkeys(names))


def _host(variable: str, default: str) -> str:
    """Return a base URL. Only the environment of the process may replace it, as the credentials are sent there."""
    url = os.environ.get(variable, "").strip().rstrip("/") or default
    address = urlsplit(url)
    if (address.scheme == "https" and address.hostname) or (address.scheme == "http" and address.hostname in LOOPBACK):
        return url
    raise ProbeFailed(f"the environment variable {variable} must hold an https address, or http on this machine.")

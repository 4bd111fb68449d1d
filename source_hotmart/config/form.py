"""Validate the user's settings after removing what pasting adds, with one error message per invalid field."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from source_hotmart.config.hosts import API_URLS, AUTH_URL, base_url
from source_hotmart.config.pasted import unknown_settings, visible

EARLIEST_START = datetime(2010, 1, 1, tzinfo=UTC)
"""No sale on Hotmart is older than about 2010, and the API rejects dates far before it."""

MIN_KEY_LENGTH = 16
"""Minimum length of the key for hashes. Shorter keys can be found by trying."""
MIN_KEY_DISTINCT = 8
"""Minimum number of different characters in that key, since a text such as `aaaaaaaaaaaaaaaa` is easy to guess."""

START_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-5][0-9])?)?)?"
)
"""Accepted formats of the start date. The pattern in spec.json also rejects invalid values such as month 13.

`fromisoformat` reads an offset of `+00:99` as `+01:39`, so the minutes of an offset are validated here.
"""

_SUBDOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

_HINTS = {
    "client_id": "Copy the Client ID from Hotmart: Tools > Developer Credentials.",
    "client_secret": "Copy the Client Secret from Hotmart: Tools > Developer Credentials.",
    "token": "Copy the Basic value that Hotmart shows beside these two: Tools > Developer Credentials.",
    "start_date": "Give a day such as 2024-01-31 or a UTC time such as 2024-01-31T00:00:00Z.",
    "members_area_subdomain": "Give the name in hotmart.com/club/NAME, several separated by commas, or leave it empty.",
    "lookback_days": "Give a whole number of days from 0 to 730, or leave it empty for 65.",
    "num_workers": "Give a whole number from 1 to 32, or leave it empty for 16.",
    "environment": "Choose production or sandbox.",
    "personal_data": "Choose keep, drop, or hash with a key of at least 16 characters.",
}


def clean_token(text: str) -> str:
    """Return the Basic value without the word `Basic`, spaces and line ends."""
    return "".join(re.sub(r"^\s*basic\s+", "", text, flags=re.IGNORECASE).split())


def clean_subdomains(text: str) -> str:
    """Return distinct comma-separated names, from names or URLs separated by commas, semicolons or spaces."""
    names = map(_subdomain, re.split(r"[,;\s]+", text))
    return ", ".join(dict.fromkeys(name for name in names if name))


def _subdomain(text: str) -> str:
    """Return `my-school` for `https://hotmart.com/en/club/my-school/products/1` or `my-school.club.hotmart.com`."""
    if "/" not in text and "." not in text:
        return text
    try:
        address = urlsplit(text if "//" in text else f"//{text}")
    except ValueError:
        return text
    host = address.hostname or ""
    if host.endswith(".club.hotmart.com"):
        return host.removesuffix(".club.hotmart.com")
    segments = [segment for segment in address.path.split("/") if segment]
    if "club" in segments[:-1]:
        return segments[segments.index("club") + 1]
    return text


def clean(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without what pasting adds: invisible characters, spaces, `Basic `, URLs. Never raises."""
    cleaned: dict[str, Any] = {
        key: visible(value).strip() if isinstance(value, str) else value for key, value in config.items()
    }
    for key, cleaner in (("token", clean_token), ("members_area_subdomain", clean_subdomains)):
        if isinstance(cleaned.get(key), str):
            cleaned[key] = cleaner(cleaned[key])
    choice = cleaned.get("personal_data")
    if isinstance(choice, Mapping):
        cleaned["personal_data"] = clean(choice)
    return cleaned


class PersonalData(BaseModel):
    """How to treat values that the schemas mark as personal: keep, hash or remove them."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    mode: Literal["keep", "hash", "drop"] = "keep"
    key: SecretStr = SecretStr("")
    """The key of the hashes. In hash mode it is required, with at least `MIN_KEY_LENGTH` characters."""


class Config(BaseModel):
    """The validated settings of one connection."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    client_id: SecretStr = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    token: SecretStr = Field(min_length=1)
    """The Basic value of the token request: the Base64 form of client ID and secret, regardless of pasted padding."""
    start_date: datetime
    """In UTC, truncated to milliseconds."""
    members_area_subdomain: tuple[str, ...] = ()
    lookback_days: int = Field(default=65, ge=0, le=730)
    num_workers: int = Field(default=16, ge=1, le=32)
    environment: Literal["production", "sandbox"] = "production"
    personal_data: PersonalData = PersonalData()

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> Self:
        """Parse the configuration from Airbyte.

        Raise `AirbyteTracedException` (config_error) with a message that has one sentence per invalid field.
        """
        given = {key: value for key, value in clean(config).items() if value is not None and value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            sentences = [_sentence(dict(details)) for details in error.errors(include_input=False)]
        message = "\n".join(dict.fromkeys(sentences))
        raise AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)

    @classmethod
    def unknown(cls, config: Mapping[str, Any]) -> list[str]:
        """Return a sentence for each unknown setting, with the most similar name and without its value."""
        known = dict.fromkeys(cls.model_fields) | {"personal_data": PersonalData.model_fields}
        return list(unknown_settings(config, known))

    @field_validator("token")
    @classmethod
    def _token_belongs_to_credentials(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        client_id, client_secret = info.data.get("client_id"), info.data.get("client_secret")
        if client_id is None or client_secret is None:
            return value  # these have errors of their own
        text = value.get_secret_value().rstrip("=")
        try:
            given = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
        except (binascii.Error, ValueError):
            given = ""
        pair = f"{client_id.get_secret_value()}:{client_secret.get_secret_value()}"
        if visible(given) != pair:
            raise ValueError("it does not belong to this Client ID and Client Secret")
        return SecretStr(base64.b64encode(pair.encode()).decode())

    @field_validator("start_date", mode="before")
    @classmethod
    def _parse_start_date(cls, value: Any) -> datetime:
        if not isinstance(value, str):
            raise ValueError("it is not a date")
        if not START_DATE.fullmatch(value):
            raise ValueError(f"{value!r} is not in the form YYYY-MM-DD")
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(f"{value!r} is not a date that exists") from None
        if moment < EARLIEST_START:
            raise ValueError(f"{value!r} is before Hotmart existed (choose {EARLIEST_START:%Y-%m-%d} or later)")
        if moment.timestamp() * 1000 > time.time_ns() // 1_000_000:
            raise ValueError(f"{value!r} is in the future")
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @field_validator("lookback_days", "num_workers", mode="before")
    @classmethod
    def _reject_booleans(cls, value: Any) -> Any:
        """Reject true and false, because Python would accept them as 1 and 0."""
        if isinstance(value, bool):
            raise ValueError(f"{str(value).lower()} is not a number")
        return value

    @field_validator("members_area_subdomain", mode="before")
    @classmethod
    def _split_subdomains(cls, value: Any) -> tuple[str, ...]:
        if not isinstance(value, str):
            raise ValueError("it is not text")
        names = [name for name in clean_subdomains(value).split(", ") if name]
        for name in names:
            if not _SUBDOMAIN.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a members area")
        return tuple(names)

    @field_validator("personal_data", mode="before")
    @classmethod
    def _complete_personal_data(cls, value: Any) -> Any:
        """Reject other values than the three choices, since a guess could keep data that was to be hidden."""
        mode, key = (value.get("mode"), value.get("key")) if isinstance(value, Mapping) else (None, None)
        if mode not in ("keep", "hash", "drop"):
            raise ValueError("it is not one of the three choices")
        if mode != "hash":
            return {"mode": mode}
        if key is None or key == "":
            raise ValueError("the key is missing")
        if not isinstance(key, str):
            raise ValueError("the key is not text")
        if len(key) < MIN_KEY_LENGTH:
            raise ValueError("the key is too short")
        if len(set(key)) < MIN_KEY_DISTINCT:
            few = f"fewer than {MIN_KEY_DISTINCT} different characters"
            raise ValueError(f"the key has {few} (openssl rand -hex 32 makes a good one)")
        return {"mode": mode, "key": key}

    @property
    def start_ms(self) -> int:
        return int(self.start_date.timestamp() * 1000)

    @cached_property  # called for each request
    def api_url(self) -> str:
        """Return the base URL of the data endpoints, without a trailing slash."""
        return base_url("HOTMART_API_URL", API_URLS[self.environment])

    @cached_property
    def auth_url(self) -> str:
        """Return the base URL of the token endpoint, without a trailing slash."""
        return base_url("HOTMART_AUTH_URL", AUTH_URL)

    def check_hosts(self) -> None:
        """Raise a config_error if the environment sets a host that cannot be used."""
        _ = self.api_url, self.auth_url


def _sentence(details: dict[str, Any]) -> str:
    """Return one sentence for a pydantic error: the field, the problem, the remedy. Never quotes a secret."""
    field = str(details["loc"][0])
    match details["type"]:
        case "missing" | "string_too_short" | "too_short":
            problem = "it is missing"
        case "value_error":
            problem = str(details["ctx"]["error"])
        case "greater_than_equal" | "less_than_equal":
            problem = "it is out of range"
        case _:
            problem = "it has a wrong value"
    return f"{field}: {problem}. {_HINTS[field]}"

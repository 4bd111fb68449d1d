"""Read the files that a command names, with a clear error for each way that they can be invalid.

The CDK reads them too, but reports every mistake as "Something went wrong in the connector".
"""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    FailureType,
    SyncMode,
)

from source_hotmart.api.errors import HotmartError

MODES = tuple(mode.value for mode in SyncMode)
PROBLEMS: dict[type[OSError], str] = {
    FileNotFoundError: "There is no such file.",
    IsADirectoryError: "This is a folder, not a file.",
    PermissionError: "The user that runs the connector has no permission to read this file (in a container that is "
    "user id 1000).",
}


@dataclass(frozen=True)
class InputFile:
    """A file that an option names. Its errors name the file and end with the expected format."""

    option: str
    path: str
    wanted: str

    def refuse(self, problem: str) -> HotmartError:
        """Return a config_error about this file."""
        return HotmartError(f"{self.option} {self.path}: {problem} {self.wanted}", FailureType.config_error)

    def _unreadable(self, error: OSError) -> HotmartError:
        return self.refuse(PROBLEMS.get(type(error), f"The file cannot be read ({error.strerror})."))

    def lines(self) -> io.TextIOWrapper:
        """Open the file to read it line by line. Bytes that are not text become replacement characters.

        Raise a config_error if the file cannot be opened.
        """
        try:
            file = Path(self.path).open("rb")  # noqa: SIM115 # the wrapper closes it
        except OSError as error:
            raise self._unreadable(error) from None
        return io.TextIOWrapper(file, encoding=_encoding(file.peek(4)), errors="replace", newline="\n")

    def read(self) -> str:
        """Return the text of the file. Raise a config_error if it cannot be read, or is not text."""
        try:
            content = Path(self.path).read_bytes()
            return content.decode(_encoding(content))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise self.refuse(f"Line {line} of the file is not UTF-8 text.") from None
        except OSError as error:
            raise self._unreadable(error) from None

    def parse(self, text: str) -> Any:
        """Return the JSON value in a text of this file. Raise a config_error with the line and column of a mistake."""
        if not text.strip():
            raise self.refuse("The file is empty.")
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            # The message quotes nothing of the file, which can hold secrets.
            place = f"line {error.lineno}, column {error.colno}"
            raise self.refuse(f"The file is not valid JSON at {place}: {error.msg}.") from None
        except (ValueError, RecursionError):
            raise self.refuse("The file is not valid JSON.") from None


def _encoding(content: bytes) -> str:
    """Return UTF-8, or the encoding of a byte order mark: PowerShell writes UTF-16, and some editors add a mark."""
    return json.detect_encoding(content[:4])


def read_settings(config_path: str) -> dict[str, Any]:
    """Return the settings in a file. Raise a config_error if they cannot be read."""
    file = InputFile(
        "--config",
        config_path,
        'Give a JSON object with your settings: {"client_id": "…", "client_secret": "…", "token": "…", "start_date": '
        '"2024-01-31"}.',
    )
    settings = file.parse(file.read())
    if not isinstance(settings, dict):
        raise file.refuse("The file does not contain a JSON object.")
    return settings


def read_catalog(catalog_path: str) -> ConfiguredAirbyteCatalog:
    """Return the configured catalog in a file. Raise a config_error if it cannot be read."""
    file = InputFile("--catalog", catalog_path, "Make a catalog with source-hotmart catalog --config FILE.")
    content = file.parse(file.read())
    try:
        _check_modes(content)
        catalog = ConfiguredAirbyteCatalogSerializer.load(content)
    except HotmartError:
        raise
    except Exception:  # the CDK raises half a dozen kinds, and quotes the file in them
        raise file.refuse("The file is not a configured catalog of Airbyte's protocol.") from None
    _check_names(catalog)
    return catalog


def _check_modes(content: Any) -> None:
    for item in content["streams"]:
        mode, name = item["sync_mode"], item["stream"]["name"]
        if isinstance(mode, str) and isinstance(name, str) and mode not in MODES:
            raise HotmartError(
                f"{name}: There is no sync mode {mode!r}. Choose full_refresh or incremental.", FailureType.config_error
            )


def _check_names(catalog: ConfiguredAirbyteCatalog) -> None:
    """Reject a stream that is configured twice, because its rows would arrive twice."""
    counts = Counter(item.stream.name for item in catalog.streams)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise HotmartError(
            f"{', '.join(twice)}: The catalog has this stream more than once. Select it once.",
            FailureType.config_error,
        )

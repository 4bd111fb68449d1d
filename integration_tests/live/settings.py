"""The credentials of the account that is asked."""

import json
from pathlib import Path

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.live.failure import ProbeFailed
from source_hotmart.config import Config


def read_settings(path: Path) -> Config:
    """The settings in a file. Raises `ProbeFailed` with what to put where."""
    try:
        settings = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ProbeFailed(
            f"{path} is missing: copy secrets/config.example.json to it and put in your client_id, client_secret and "
            "token from Hotmart, Tools > Developer Credentials, with a start_date and, if there is one, your "
            "members_area_subdomain."
        ) from None
    except (OSError, ValueError):  # whose texts may quote the file
        raise ProbeFailed(f"{path} cannot be read as JSON: compare it with secrets/config.example.json.") from None
    if not isinstance(settings, dict):
        raise ProbeFailed(f"{path} holds no object: compare it with secrets/config.example.json.")
    try:
        return Config.from_mapping(settings)
    except AirbyteTracedException as refused:
        raise ProbeFailed(f"{path}: {refused.message}") from None

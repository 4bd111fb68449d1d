"""Check the certificate file that the environment names for secure connections."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from airbyte_cdk.models import FailureType

from source_hotmart.api.errors import HotmartError

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that `requests` reads, the first one set wins: `Session.merge_environment_settings`."""


def check_certificates() -> None:
    """Raise a config_error that names the variable if its file cannot be used.

    `requests` reports a missing file as a plain `OSError` in the middle of a request.
    """
    for name in VARIABLES:
        path = os.environ.get(name)
        if not path:
            continue
        place = {"capath": path} if Path(path).is_dir() else {"cafile": path}
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**place)
        except OSError:
            raise HotmartError(
                f"The certificates in {path} cannot be read. The environment variable {name} names this path. Correct "
                "it or remove it.",
                FailureType.config_error,
            ) from None
        return

"""The command `source-hotmart`: the CDK's entry point, with settings refused in sentences."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import ConnectorSpecification
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from source_hotmart.config import Config
from source_hotmart.source import SourceHotmart


class HotmartEntrypoint(AirbyteEntrypoint):
    """Checks settings with our own model, where the CDK would name no field ("None is not of type 'integer'")."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise one config_error with a sentence for each bad field."""
        Config.from_mapping(config)


def run() -> None:
    """Run the command line: `spec`, `check`, `discover` or `read`."""
    entrypoint = HotmartEntrypoint(SourceHotmart())
    arguments = entrypoint.parse_args(sys.argv[1:])
    with PRINT_BUFFER:
        for message in entrypoint.run(arguments):
            # Records hold no secrets; traces are not filtered by the CDK in all cases.
            line = message if message.startswith('{"type":"RECORD"') else filter_secrets(message)
            print(f"{line}\n", end="")  # noqa: T201 - stdout is the protocol


if __name__ == "__main__":
    run()

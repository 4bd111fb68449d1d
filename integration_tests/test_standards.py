"""Airbyte's standard tests for sources, with acceptance-test-config.yml and the simulator in place of Hotmart.

Advice on the catalog (`DiscoveredCatalogWarning`) fails here, as every warning does. The suite's image tests build an
image with the docker command. They are deselected in pyproject.toml, and `tools/image` replaces them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests

from hotmart_simulator import World
from source_hotmart import SourceHotmart
from tools.harness import NOW_MS, Connector

__all__ = ["TestSourceHotmart", "pytest_generate_tests"]

ROOT = Path(__file__).parent.parent
START_MS = 1_704_067_200_000
"""2024-01-01T00:00:00Z, the start date of sample_config.json."""


class TestSourceHotmart(SourceTestSuiteBase):
    """Airbyte's standard tests: spec, check, catalog, records and errors."""

    connector = SourceHotmart
    connector_name = "source-hotmart"

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        """Return the folder of acceptance-test-config.yml and metadata.yaml, independently of the clone's name."""
        return ROOT

    @pytest.fixture
    def world(self) -> World:
        """The account of sample_config.json: the simulator's own credential, and rows in every stream."""
        return World(sales=400, subscriptions=80, students=60, products=12, start_ms=START_MS, now_ms=NOW_MS)

    @pytest.fixture(autouse=True)
    def hotmart_is_the_simulator(self, connector: Connector) -> None:
        """Start the simulator and set its address through `connector`. The suite runs the command itself."""

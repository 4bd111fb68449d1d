"""Airbyte's own standard tests of a source, over acceptance-test-config.yml, with the simulator in Hotmart's place.

Its advice on the catalog (`DiscoveredCatalogWarning`) fails here, as every warning does. Its tests of the image are
deselected in pyproject.toml, for they build one with the docker command: `tools/image` stands for
them.
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
    """What every source of Airbyte is asked: its form, its check, its catalog, its records, its refusals."""

    connector = SourceHotmart
    connector_name = "source-hotmart"

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        """Where acceptance-test-config.yml and metadata.yaml are, whatever the folder of the clone is called."""
        return ROOT

    @pytest.fixture
    def world(self) -> World:
        """The account of sample_config.json: the simulator's own credential, and something of every stream."""
        return World(sales=400, subscriptions=80, students=60, products=12, start_ms=START_MS, now_ms=NOW_MS)

    @pytest.fixture(autouse=True)
    def hotmart_is_the_simulator(self, connector: Connector) -> None:
        """`connector` starts it and sets its address; the suite runs the command in its own way."""

"""The same Hotmart, clock and connector as the unit tests have."""

from unit_tests.conftest import clock, connector, hotmart, world

__all__ = ["clock", "connector", "hotmart", "world"]

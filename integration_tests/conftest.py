"""The same Hotmart, clock and connector as the unit tests have."""

from unit_tests.conftest import clock, command_line, connector, hotmart, world

__all__ = ["clock", "command_line", "connector", "hotmart", "world"]

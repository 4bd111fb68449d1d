"""Import the fixtures of the unit tests: simulator, clock and connector."""

from unit_tests.conftest import clock, command_line, connector, hotmart, world

__all__ = ["clock", "command_line", "connector", "hotmart", "world"]

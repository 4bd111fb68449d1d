"""Hotmart's API on a port of this machine: strict, stateful, misbehaving on order. See README.md."""

from integration_tests.simulator.calls import Call
from integration_tests.simulator.faults import Fault
from integration_tests.simulator.server import Simulator
from integration_tests.simulator.switches import Switches
from integration_tests.simulator.world import World

__all__ = ["Call", "Fault", "Simulator", "Switches", "World"]

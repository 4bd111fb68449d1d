"""Hotmart's API on a local port: strict, stateful, with faults on request. See README.md."""

from hotmart_simulator.server.faults import Fault
from hotmart_simulator.server.heavy import heavy_range
from hotmart_simulator.server.request_log import Call
from hotmart_simulator.server.simulator import Simulator
from hotmart_simulator.switches import Switches
from hotmart_simulator.world import World

__all__ = ["Call", "Fault", "Simulator", "Switches", "World", "heavy_range"]

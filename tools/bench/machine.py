"""The class of the machine that the figures were measured on, without its name."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine_class() -> str:
    """Return cores, processor, memory, and the versions of Python and the CDK, in one line."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, airbyte-cdk {version('airbyte-cdk')}"
    )


def load() -> str:
    """Return the load average of the last minute, which shows how busy the machine was with other work."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())

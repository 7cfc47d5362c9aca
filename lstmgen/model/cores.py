"""How many cores a machine has that compute. No torch."""

from __future__ import annotations

import os
from pathlib import Path


def physical_cores() -> int:
    """Of those that this process may use; two threads of one core are one."""
    try:
        usable = os.sched_getaffinity(0)
        siblings = {Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text() for cpu in usable}
        return max(1, len(siblings))
    except (AttributeError, OSError):
        return os.cpu_count() or 1

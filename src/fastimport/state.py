"""The state of fastimport in this process, for whoever wants to know."""

import sys

from fastimport import activation
from fastimport.activation import Active, PathFinder, StockPathFinder

TYPE_CHECKING = False  # of typing: an application's start may ask
if TYPE_CHECKING:
    from typing import Any


def describe() -> "dict[str, Any]":
    """The state of fastimport in this process, as a dictionary of plain values."""
    active = activation.installed()
    attachment = sys.modules.get("fastimport.snapshot.attachment")
    compiled = {name: sys.modules.get(f"fastimport.finding.{name}") for name in ("_resolver", "_names")}
    ours = StockPathFinder if Active.register == "in_place" else PathFinder
    return {
        "active": active,
        "register": Active.register,
        "freshness": activation.level(),
        "position": activation.position_of(ours) if active else None,
        "snapshot": attachment.attached()[1] if attachment is not None else None,
        "lazy": Active.lazy[0] if active and Active.lazy is not None else None,
        "collector": "stock" if Active.deferral is None or not Active.deferral.is_active() else "deferred",
        "collector_obstacle": Active.deferral and Active.deferral.obstacle,
        "arenas": "huge" if Active.arenas is not None and Active.arenas.are_huge() else "stock",
        "arenas_obstacle": Active.arenas and Active.arenas.obstacle(),
        "obstacle": None if active else activation.obstacle(),
        "modules": {name: getattr(module, "__file__", None) for name, module in compiled.items()},
        "python": sys.version.split()[0],
    }

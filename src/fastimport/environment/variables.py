"""The environment variables in which a command and its children have fastimport."""

import os
from collections.abc import Mapping

from fastimport.environment import exec_path


def with_fastimport(environment: Mapping[str, str], settings: dict[str, str]) -> dict[str, str]:
    """A copy of `environment` in which Python starts with fastimport; `settings` are arguments of `fastimport.install`."""
    changed = dict(environment)
    own = os.path.dirname(os.path.abspath(exec_path.__file__))
    entries = changed.get("PYTHONPATH", "")
    if own not in entries.split(os.pathsep):
        changed["PYTHONPATH"] = os.pathsep.join([own, entries]) if entries else own
    for name, value in settings.items():
        changed[f"FASTIMPORT_{name.upper()}"] = value
    return changed

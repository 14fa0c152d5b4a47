"""The environment variables in which a command and its children have fastimport."""

import os
import sys

from fastimport.environment import exec_path
from fastimport.settings import DEFERRED

TYPE_CHECKING = False  # of typing and collections.abc: `fastimport exec` is added to a start
if TYPE_CHECKING:
    from collections.abc import Mapping


def with_fastimport(environment: "Mapping[str, str]", settings: dict[str, str]) -> dict[str, str]:
    """A copy of `environment` in which Python starts with fastimport; `settings` are arguments of `fastimport.install`.

    The garbage collector waits, unless they or the environment say otherwise.
    """
    changed = {"FASTIMPORT_COLLECTOR": DEFERRED, **environment}
    own = _own_entry()
    entries = changed.get("PYTHONPATH", "")
    if own not in entries.split(os.pathsep):
        changed["PYTHONPATH"] = os.pathsep.join([own, entries]) if entries else own
    for name, value in settings.items():
        changed[f"FASTIMPORT_{name.upper()}"] = value
    return changed


def hidden_by() -> str | None:
    """The sitecustomize that stands before ours below ``fastimport exec`` and hands on to no other, as some launchers' do."""
    if _own_entry() not in sys.path:  # ours takes it off when it runs
        return None
    return getattr(sys.modules.get("sitecustomize"), "__file__", None)


def _own_entry() -> str:
    return os.path.dirname(os.path.abspath(exec_path.__file__))

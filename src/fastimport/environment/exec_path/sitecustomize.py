"""Installs fastimport in a process below ``fastimport exec``, then gives way to the sitecustomize that is the user's.

Nothing else may differ from a start without it: this directory is taken off ``sys.path``, and the next sitecustomize is imported
in the place of this one. If there is none, its ImportError is the one that the interpreter expects (``site.execsitecustomize``).
"""

import sys


def _give_way() -> None:
    from os.path import dirname

    own = dirname(__file__)
    sys.path[:] = [entry for entry in sys.path if entry != own]
    sys.path_importer_cache.pop(own, None)
    sys.modules.pop(__name__, None)


_give_way()
try:
    import os

    if os.environ.get("FASTIMPORT", "").lower() not in ("0", "off", "no", "false"):
        from fastimport import _stand_in

        _stand_in()
except Exception:  # an interpreter of another environment or version, or the unrelated package of that name
    pass
import sitecustomize  # type: ignore[import-not-found]  # noqa: E402, F401

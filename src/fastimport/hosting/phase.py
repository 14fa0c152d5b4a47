"""The phase in which an application imports itself: what is changed for that time, and put back."""

import gc

from fastimport import activation
from fastimport.settings import read_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Any


class Startup:
    """What `fastimport.startup` returns; see there. Can be entered again after it was left, and inside another one."""

    def __init__(self, freeze: bool, settings: "dict[str, Any]") -> None:
        self._freeze = freeze
        self._settings = settings
        self._found: list[tuple[dict[str, Any] | None, bool]] = []

    def __enter__(self) -> "Startup":
        if not read_environment().enabled:
            self._found.append((None, False))
            return self
        before = activation.describe()
        activation.install(**self._settings)
        self._found.append((before, gc.isenabled()))
        gc.disable()
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", value: "BaseException | None", traceback: "TracebackType | None"
    ) -> None:
        before, was_collecting = self._found.pop()
        if before is None:
            return
        try:
            if kind is None and self._freeze:
                gc.freeze()
        finally:
            if was_collecting:
                gc.enable()
            _restore(before)


def startup(
    *, freshness: str = "checked", snapshot: "str | PathLike[str] | None" = None, register: str = "meta_path", freeze: bool = True
) -> Startup:
    """A context manager for an application's own imports: fastimport installed, garbage collection paused.

    At the end the collector goes on as before, and what is there is frozen (`gc.freeze`): it will not look at it again, so
    that processes forked later keep sharing that memory; ``freeze=False`` leaves this out. fastimport is uninstalled again if
    it was not installed before. After an exception all is as it was, and nothing is frozen. `freshness`, `snapshot` and
    `register` are those of `fastimport.install`, whose errors are raised before anything is changed. With ``FASTIMPORT=0``
    nothing happens at all.
    """
    return Startup(freeze, {"freshness": freshness, "snapshot": snapshot, "register": register})


_SETTINGS = ("register", "freshness", "snapshot")


def _restore(before: "dict[str, Any]") -> None:
    """Installed as it was before, or not installed; nothing is touched that is as it was."""
    now = activation.describe()
    if not before["active"]:
        activation.uninstall()
    elif any(now[name] != before[name] for name in _SETTINGS):
        activation.install(**{name: before[name] for name in _SETTINGS})

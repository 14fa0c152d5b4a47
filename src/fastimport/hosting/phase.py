"""The phase in which an application imports itself: what is changed for that time, and put back."""

import gc

from fastimport import activation
from fastimport.settings import DEFERRED, read_environment
from fastimport.state import describe

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
        before = describe()
        activation.install(**self._settings, arenas=before["arenas"])
        is_paused = self._pause_collector()
        self._found.append((before, is_paused))
        return self

    def _pause_collector(self) -> bool:
        """Switch it off where it was to wait and can't, as in free-threaded builds. Whether that was done."""
        wanted = read_environment().collector or self._settings["collector"]
        if wanted != DEFERRED or describe()["collector"] == DEFERRED or not gc.isenabled():
            return False
        gc.disable()
        return True

    def __exit__(
        self, kind: "type[BaseException] | None", value: "BaseException | None", traceback: "TracebackType | None"
    ) -> None:
        before, is_paused = self._found.pop()
        if before is None:
            return
        try:
            if kind is None and self._freeze:
                gc.freeze()
        finally:
            if is_paused:
                gc.enable()
            _restore(before)


def startup(
    *,
    freshness: str = "checked",
    snapshot: "str | PathLike[str] | None" = None,
    register: str = "meta_path",
    collector: str = DEFERRED,
    freeze: bool = True,
) -> Startup:
    """A context manager for an application's own imports: fastimport installed, garbage collections waiting.

    At the end the collector goes on as before, and what is there is frozen (`gc.freeze`): it will not look at it again, so
    that processes forked later keep sharing that memory; ``freeze=False`` leaves this out. fastimport is uninstalled again if
    it was not installed before. After an exception all is as it was, and nothing is frozen. `freshness`, `snapshot`, `register`
    and `collector` are those of `fastimport.install`, whose errors are raised before anything is changed. With
    ``FASTIMPORT=0`` nothing happens at all.
    """
    return Startup(freeze, {"freshness": freshness, "snapshot": snapshot, "register": register, "collector": collector})


_SETTINGS = ("register", "freshness", "snapshot", "collector", "arenas")


def _restore(before: "dict[str, Any]") -> None:
    """Installed as it was before, or not installed; nothing is touched that is as it was."""
    now = describe()
    if not before["active"]:
        activation.uninstall()
    elif any(now[name] != before[name] for name in _SETTINGS):
        activation.install(**{name: before[name] for name in _SETTINGS})

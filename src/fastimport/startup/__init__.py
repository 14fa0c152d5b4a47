"""Measuring what a program's start-up costs, and reporting it. The package can be called: ``with fastimport.startup(): ...``.

``with fastimport.startup.record() as recording: ...`` records from inside a program; ``fastimport profile`` from outside.

``fastimport.startup`` names this package as soon as anybody imports a part of it, so the context manager of that name can't be a
function beside it: whichever came second would take the other's place.
"""

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastimport.startup.phase import Startup


_HOMES = {"NotARecording": "model", "Record": "recording", "Recording": "model", "from_json": "reading", "record": "recording"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value


class CallablePackage(ModuleType):
    """This package's type: a module that makes a `Startup` when it is called."""

    def __call__(self, *, freeze: bool = True, **settings: str) -> "Startup":
        """A context manager for an application's own imports: fastimport installed, garbage collection paused.

        At the end the collector goes on as before, and what is there is frozen (`gc.freeze`): it will not look at it again, so
        that processes forked later keep sharing that memory; ``freeze=False`` leaves this out. fastimport is uninstalled again if
        it was not installed before. After an exception all is as it was, and nothing is frozen. `settings` are arguments of
        `fastimport.install`, whose errors are raised before anything is changed. With ``FASTIMPORT=0`` nothing happens at all.
        """
        from fastimport.startup.phase import Startup

        return Startup(freeze, settings)


sys.modules[__name__].__class__ = CallablePackage

"""Measuring what a program's start-up costs, and reporting it.

``with fastimport.startup.record() as recording: ...`` records from inside a program; ``fastimport profile`` from outside.
"""

_HOMES = {"NotARecording": "model", "Record": "recording", "Recording": "model", "from_json": "model", "record": "recording"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value

"""Sides by the names of levels, as ``--levels`` takes them: ``frozen+deferred`` is ``frozen`` with the collector that waits."""

from fastimport.diagnosis.bench import launcher

DEFERRED = "+deferred"


def variant(level: str) -> launcher.Variant:
    """Return the side of one level.

    Raises `launcher.UnsupportedLevel` for a name that is none.
    """
    plain = level.removesuffix(DEFERRED)
    found = launcher.variant_for_level(plain)
    if plain == level:
        return found
    if not found.active:
        raise launcher.UnsupportedLevel(f"level {level!r} is not known: {plain} has no collector to choose")
    setup = found.setup.replace("fastimport.install(", "fastimport.install(collector='deferred', ")
    return found._replace(name=level, setup=setup)


def variants(levels: str) -> list[launcher.Variant]:
    """Return stock, and a side for each of *levels*, separated by commas."""
    return [launcher.STOCK, *map(variant, levels.split(","))]

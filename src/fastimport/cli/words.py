"""The options of ``run`` and ``exec``, read without argparse, which would load a dozen modules that a start may never need."""

from fastimport.settings import ARENAS, COLLECTOR, FRESHNESS, REGISTER

_OPTIONS = {
    "--freshness": FRESHNESS,
    "--level": FRESHNESS,
    "--register": REGISTER,
    "--collector": COLLECTOR,
    "--arenas": ARENAS,
}


def read_options(words: list[str], free: tuple[str, ...]) -> tuple[dict[str, str], list[str]] | None:
    """The options before the first other word, and the rest; `free` ones have any value. None: argparse has to explain."""
    settings: dict[str, str] = {}
    words = list(words)
    while words and words[0].startswith("--") and words[0] != "--":
        option, equals, value = words.pop(0).partition("=")
        if not equals:
            value = words.pop(0) if words else ""
        if value not in _OPTIONS.get(option, ()) and not (option in free and value):
            return None
        settings["freshness" if option == "--level" else option[2:]] = value
    return settings, words

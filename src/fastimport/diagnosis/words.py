"""Numbers in sentences."""

_IRREGULAR = {"directory": "directories", "entry": "entries", "is": "are", "has": "have"}


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``: the last word of `noun` in its right number."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural(noun)}"


def plural(noun: str) -> str:
    """The plural of the last word of `noun`."""
    head, _, last = noun.rpartition(" ")
    return f"{head} {_plural_word(last)}".lstrip()


def _plural_word(word: str) -> str:
    return _IRREGULAR.get(word, f"{word}s")

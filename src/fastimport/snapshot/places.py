"""Where a snapshot is looked for: the order in which settings are asked. Touches no file."""

import os
import sys

from fastimport.settings import search_path

AUTO, NONE = "auto", "none"
WORDS = (AUTO, NONE)
"""What may be said instead of a path."""
ENDING = ".fastimport"
AUTOMATIC_ENDING = ".auto.fastimport"
ATTEMPT_ENDING = ".building"
"""After `AUTOMATIC_ENDING`: that one is being made, or could not be."""


def absolute(value):
    """A path that means the same in another directory; one of `WORDS` as it is."""
    return value if value in WORDS else os.path.abspath(value)


def environment_snapshot():
    """The snapshot of the whole environment, which ``fastimport build`` writes."""
    return os.path.join(sys.prefix, "fastimport", f"{sys.implementation.cache_tag}{_optimization()}{ENDING}")


def _optimization():
    return f".opt-{sys.flags.optimize}" if sys.flags.optimize else ""


def cache_directory(environment):
    """The directory of automatic snapshots: ``FASTIMPORT_CACHE_DIR``, else the user's cache directory; None if there is none."""
    if environment.cache_directory:
        return environment.cache_directory
    return os.path.join(environment.user_cache, "fastimport") if environment.user_cache else None


def automatic_snapshot(environment):
    """The automatic snapshot of this program, in this environment and interpreter; None if nowhere is a place for it."""
    directory = cache_directory(environment)
    if directory is None:
        return None
    return os.path.join(directory, f"{program_key()}{AUTOMATIC_ENDING}")


def program_key():
    """A file name for the program that runs: what was started, and with what."""
    kind, program = program_of(sys.orig_argv)
    told = (kind, _without_numbers(program) if kind == "c" else program, *_where(kind), sys.prefix, sys.base_prefix, sys.version)
    told = "\0".join((*told, str(sys.flags.optimize), sys.abiflags))
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in os.path.basename(program))[:24].strip("-") or "program"
    return f"{name if kind != 'c' else 'code'}-{_fnv(os.fsencode(told)):016x}"


def _where(kind):
    """What else says which program a module's name or some code is: the directory and the path on which they find it."""
    if kind == "file":
        return ()
    try:
        return ("" if sys.flags.safe_path else os.getcwd(), search_path())
    except OSError:
        return ("", search_path())


def _without_numbers(code):
    """Workers get the numbers of their pipes in the code that starts them: one program all the same."""
    if code.startswith("from multiprocessing."):
        return "multiprocessing"
    return "".join(c for c in code if not c.isdigit())


def _fnv(data):
    """FNV-1a, 64 bits: a name, no protection; files by other users are refused, and what is in it is checked."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def program_of(arguments):
    """What a command line runs: ``("m", module)``, ``("c", code)``, ``("file", absolute path)`` or ``("", "")``."""
    words = list(arguments[1:])
    while words:
        word = words.pop(0)
        if word.startswith("-") and word != "-" and not word.startswith("--"):
            for index, letter in enumerate(word[1:], 1):
                if letter in "mc":
                    value = word[index + 1 :] or (words.pop(0) if words else "")
                    return _own_program(words) if (letter, value) == ("m", "fastimport") else (letter, value)
                if letter in "WX":
                    if not word[index + 1 :] and words:
                        words.pop(0)
                    break
        elif word == "--check-hash-based-pycs" and words:
            words.pop(0)
        elif not word.startswith("--"):
            if os.path.basename(word) == "fastimport" and words:
                return _own_program(words)
            return ("file", os.path.abspath(word)) if word != "-" else ("", "")
    return "", ""


def _own_program(words):
    """The program behind ``fastimport run OPTIONS``."""
    rest = words[1:] if words[:1] == ["run"] else []
    while rest and rest[0].startswith("--"):
        option = rest.pop(0)
        if "=" not in option and rest:
            rest.pop(0)
    return program_of(["python", *rest]) if rest else ("", "")

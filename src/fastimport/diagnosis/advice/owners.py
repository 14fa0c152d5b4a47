"""Whose file it is: the program's own, another distribution's, the standard library's."""

import os
import sysconfig


def is_own(file: str) -> bool:
    """Whether a file is the program's own rather than a library's."""
    return not is_in(file, ("stdlib", "platstdlib", "purelib", "platlib"))


def is_in(file: str, places: tuple[str, ...]) -> bool:
    """Whether a file is below one of these directories of `sysconfig`; site-packages is no part of the standard library."""
    found = {name: os.path.join(sysconfig.get_path(name) or os.devnull, "") for name in (*places, "purelib", "platlib")}
    in_site = any(file.startswith(found[name]) for name in ("purelib", "platlib"))
    return any(file.startswith(found[name]) for name in places) and (not in_site or "purelib" in places)

"""The shell that runs the tests: its settings reach no test, and no process that a test starts."""

KEPT = ("PIP_CACHE_DIR", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_PROXY")
"""Where packages come from, which is the machine's business."""

_SETTINGS = ("PYTHON", "FASTIMPORT", "PIP_", "LC_", "LANG", "VIRTUAL_ENV", "MAKE", "MFLAGS")


def cleaned(environment):
    """The environment without what changes how Python, pip, make or fastimport work; text is UTF-8 in it."""
    kept = {name: value for name, value in environment.items() if name in KEPT or not name.startswith(_SETTINGS)}
    return kept | {"LANG": "C.UTF-8"}

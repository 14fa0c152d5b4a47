"""The working directory, which may have been deleted: reports are made there too."""

import os


def here() -> str:
    """Its path; "" if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def relative(file: str) -> str:
    """`file` without the working directory if it lies below, as an editor takes it."""
    return file.removeprefix(os.path.join(here(), "")) if here() else file

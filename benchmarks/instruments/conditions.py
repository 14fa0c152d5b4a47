"""The circumstances that a figure without them is worth nothing, and the environment that all are measured in."""

import datetime
import os
import platform
import sys

from fastimport.diagnosis import file_systems


def clean_environment() -> dict[str, str]:
    """The variables of this process, without those that change what an interpreter or fastimport does."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTIMPORT"))}


def of_this_machine() -> dict[str, str]:
    """Return date, interpreter, machine, its other work, and the file system of the interpreter."""
    free_threaded = "" if getattr(sys, "_is_gil_enabled", lambda: True)() else " free-threaded"
    found = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "Python": f"{platform.python_implementation()} {platform.python_version()}{free_threaded}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "file system": file_systems.identify(os.path.dirname(os.__file__)).kind,
    }
    if hasattr(os, "getloadavg"):
        found["load at the end"] = "{:.1f} (1 minute), {:.1f} (5 minutes)".format(*os.getloadavg())
    return found

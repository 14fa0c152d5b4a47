"""Loaded at interpreter start by a .pth file, without fastimport: notes how a program changes the import system.

At each import the meta path, the path hooks, importlib's functions and the methods of its classes are compared with what they
were. One line of JSON for each process goes to COMPAT_OBSERVED at its end.
"""

import atexit
import builtins
import importlib
import importlib._bootstrap as bootstrap
import importlib._bootstrap_external as external
import json
import os
import sys

HOLDERS = {
    "importlib": importlib,
    "importlib._bootstrap": bootstrap,
    "importlib._bootstrap_external": external,
    **{f"{name}": getattr(external, name) for name in ("PathFinder", "FileFinder", "SourceFileLoader", "SourceLoader")},
    **{f"{name}": getattr(external, name) for name in ("ExtensionFileLoader", "FileLoader", "SourcelessFileLoader")},
}
VOLATILE = {"__loader__", "__spec__", "_relax_case", "_path_importer_cache_lock"}


def name_of(value):
    kind = value if hasattr(value, "__qualname__") else type(value)
    return f"{getattr(kind, '__module__', '?')}.{kind.__qualname__}"


def state():
    return {(holder, name): value for holder, owner in HOLDERS.items() for name, value in vars(owner).items() if callable(value)}


class Observer:
    def __init__(self):
        self.before = state()
        self.original_import = builtins.__import__
        self.known = {id(item) for item in sys.meta_path + sys.path_hooks}
        self.suffixes = list(external.SOURCE_SUFFIXES)
        self.seen = {}
        self.busy = False

    def event(self, event, arguments):
        if event == "import" and not self.busy:
            self.busy = True
            try:
                self.look()
            finally:
                self.busy = False

    def look(self):
        for place, items in (("meta path", sys.meta_path), ("path hooks", sys.path_hooks)):
            for index, item in enumerate(items):
                if id(item) not in self.known:
                    self.seen.setdefault(f"{place} {index}: {name_of(item)}", item)
        for (holder, name), value in state().items():
            if self.before.get((holder, name)) is not value and name not in VOLATILE:
                self.seen.setdefault(f"replaces {holder}.{name}", value)
        if builtins.__import__ is not self.original_import:
            self.seen.setdefault("replaces builtins.__import__", None)
        if self.suffixes != external.SOURCE_SUFFIXES:
            self.seen.setdefault(f"source suffixes {external.SOURCE_SUFFIXES}", None)

    def write(self):
        self.look()
        if "sitecustomize" in sys.modules:
            self.seen.setdefault("sitecustomize", None)
        with open(os.environ["COMPAT_OBSERVED"], "a", encoding="utf-8") as file:
            file.write(json.dumps(list(self.seen)) + "\n")


if "COMPAT_OBSERVED" in os.environ:
    observer = Observer()
    sys.addaudithook(observer.event)
    atexit.register(observer.write)

"""The global state of importing, taken and put back."""

import os
import sys
import sysconfig
from contextlib import contextmanager

NAMES = ("path", "meta_path", "path_hooks", "path_importer_cache")
KEPT = tuple(
    os.path.realpath(path) + os.sep
    for path in {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), os.path.dirname(__file__)}
)


@contextmanager
def preserved():
    """Put back sys, the environment and the working directory afterwards, objects and contents."""
    containers = {name: getattr(sys, name) for name in NAMES}
    contents = {name: value.copy() for name, value in containers.items()}
    modules, module_table = sys.modules.copy(), sys.modules
    environment, directory = os.environ.copy(), os.getcwd()
    try:
        yield
    finally:
        os.chdir(directory)
        restore_environment(environment)
        for name in NAMES:
            setattr(sys, name, refill(containers[name], contents[name]))
        sys.modules = module_table
        restore_modules(modules)


def restore_environment(environment):
    if os.environ.copy() != environment:
        os.environ.clear()
        os.environ.update(environment)


def refill(container, content):
    """The same object with the contents that it had, touched only if it differs."""
    if container != content or list(container) != list(content):
        container.clear()
        (container.update if isinstance(content, dict) else container.extend)(content)
    return container


def restore_modules(modules):
    """Drop what the test imported from its own tree; library modules stay, they load only once."""
    for name in sys.modules.keys() - modules.keys():
        if not is_library(sys.modules[name]):
            del sys.modules[name]
    for name, module in modules.items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module


def is_library(module):
    spec = getattr(module, "__spec__", None)
    if spec is None:
        return False
    if spec.origin in ("built-in", "frozen") or spec.name.partition(".")[0] == "fastimport":
        return True
    return bool(spec.origin) and os.path.realpath(spec.origin).startswith(KEPT)

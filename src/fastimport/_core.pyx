"""The library that all compiled modules are in, each under its own dotted name: one file to find, open and map.

Beside the source of each module there is a file of the same name in Python. It calls `load` for whoever imports the module first.
"""

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import sys


def load(str name not None):
    """Load a compiled module from this library, put it into ``sys.modules`` under its full name, and return it.

    It has the spec that it would have if the library were called after it. Raises `ImportError` as importlib does for an
    extension.
    """
    spec = bootstrap.ModuleSpec(name, external.ExtensionFileLoader(name, __file__), origin=__file__)
    spec._set_fileattr = True
    return bootstrap._load(spec)


def provide(str name not None):
    """The module of that name, loaded from this library unless somebody has done so: the file beside its source is not read."""
    module = sys.modules.get(name)
    if module is None:
        module = load(name)
        parent, _, tail = name.rpartition(".")
        setattr(sys.modules[parent], tail, module)
    return module

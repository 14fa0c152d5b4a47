"""Run by the .pth file of the copied installation, in every interpreter of a comparison: see farm.py."""

import sys


def activate(register, freshness, replace):
    """Install fastimport, unless this is the stock side (`register` None)."""
    if register is None:
        return
    import fastimport

    fastimport.install(register=register, freshness=freshness)
    if replace:
        replace_class(fastimport.PathFinder)


def replace_class(finder):
    """Most of test_importlib names the class in `_frozen_importlib_external`, and so would never meet the stand-in."""
    import _frozen_importlib_external

    _frozen_importlib_external.PathFinder = finder
    machinery = sys.modules.get("importlib.machinery")
    if machinery is not None:
        machinery.PathFinder = finder

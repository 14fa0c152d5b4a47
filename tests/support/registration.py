"""Which finder, and whose loader methods, are at work: fastimport put in and out."""

from contextlib import contextmanager
from importlib import machinery

from support.oracle import STOCK


@contextmanager
def registered(kind, **settings):
    """`fastimport.install` for a while; the finder that then serves the import statement."""
    import fastimport

    fastimport.install(register=kind, **settings)
    try:
        yield fastimport.PathFinder if kind == "meta_path" else machinery.PathFinder
    finally:
        fastimport.uninstall()


@contextmanager
def suspended():
    """importlib as it is without fastimport, which is put back afterwards as it was."""
    import fastimport

    state = fastimport.describe()
    if not state["active"]:
        yield
        return
    fastimport.uninstall()
    try:
        yield
    finally:
        fastimport.install(register=state["register"], freshness=state["freshness"])


def in_turn(finder):
    """importlib's finder, while all of importlib is importlib's own, and then the candidate."""
    with suspended():
        yield STOCK
    yield finder

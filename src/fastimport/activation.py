"""install, uninstall, installed: the only file that touches ``sys.meta_path`` or importlib's classes."""

import sys

from fastimport import settings
from fastimport.finding import finder, loader
from fastimport.finding.finder import PathFinder, StockPathFinder, resolver
from fastimport.finding.importlib_frames import is_importlibs

_INHERITED = object()


class Active:
    """What `install` did, so that `uninstall` can undo it: one per interpreter."""

    register = None
    freshness = "checked"
    forget = None  # what a snapshot registered to be done at exit
    deferral = None  # of the garbage collector, once there was one
    arenas = None  # the compiled module, once it was needed
    lazy = None  # the state of finding/lazy.py: the file of lazy imports first
    finders = ()  # those of sys.meta_path whose place ours took or had, in order
    replaced = []  # what is to be put back, last first: (class of importlib, name, former value or _INHERITED, ours)


def install(*, freshness="checked", snapshot=None, register="meta_path", collector="stock", arenas="stock", lazy=None):
    """Let fastimport find modules from now on. Calling it again changes the settings.

    freshness
        ``"checked"``: importlib's own freshness, to the letter. ``"trusted"``: a directory is checked once per process, after
        `importlib.invalidate_caches`, and before a name is called absent. ``"frozen"``: the snapshot is believed, unseen.
    snapshot
        The path of a snapshot; ``"auto"``: one is kept for this program without anybody's doing; ``"none"``. None: the
        environment's own, if there is one. `stats` tells why one is refused.
    register
        ``"meta_path"``: `fastimport.PathFinder` takes the place of `importlib.machinery.PathFinder` in ``sys.meta_path``.
        ``"in_place"``: that class stays there and is itself sped up.
    collector
        ``"deferred"``: while modules are imported, automatic garbage collections wait; so does the last but one, at exit, if
        nothing would notice.
    arenas
        ``"huge"``: memory for Python's small objects comes from huge pages from now on, where the kernel has them.
    lazy
        The path of a file of ``fastimport lazy learn``: the imports that it names are postponed until they are used (PEP 810,
        from Python 3.15 on). ``"none"``: no longer. None: as before.

    ``FASTIMPORT_FRESHNESS``, ``FASTIMPORT_REGISTER`` and so on count more than arguments; ``FASTIMPORT_SNAPSHOT`` less.
    Does nothing if ``FASTIMPORT=0`` is set, or where fastimport can't work (`stats` tells why, ``FASTIMPORT_STRICT=1`` raises
    `ImportError`). Raises `TypeError` or `ValueError` for a wrong argument, and then changes nothing.
    """
    settings.check_choices(freshness=freshness, register=register, collector=collector, arenas=arenas)
    snapshot, lazy = settings.check_path("snapshot", snapshot, "auto"), settings.check_path("lazy", lazy, "none")
    environment = settings.read_environment()
    if environment.enabled and _can_work(environment):
        _apply(environment, environment.register or register, environment.freshness or freshness, snapshot)
        _use_memory(environment.collector or collector, environment.arenas or arenas)
        _use_lazy(environment.lazy or lazy, environment)


def _can_work(environment):
    if (reason := obstacle()) is not None and environment.strict:
        raise ImportError(f"fastimport can't be installed: {reason}")
    return reason is None


def _apply(environment, register, freshness, snapshot):
    """What `install` does once it is known what is wanted."""
    for problem in environment.problems:
        resolver.refuse(problem)
    if Active.register != register or not installed():
        kept = Active.lazy, Active.deferral, Active.arenas  # these stay as they are
        Active.lazy = Active.deferral = Active.arenas = None
        uninstall()
        Active.lazy, Active.deferral, Active.arenas = kept
        _register(register)
    Active.freshness = freshness
    _use_snapshot(snapshot, environment)
    finder.set_freshness(resolver, Active.freshness)
    if environment.stats:
        from fastimport.statistics import print_at_exit

        print_at_exit()


def _use_memory(collector, arenas):
    """Let collections wait and arenas be of huge pages, or no longer; what can't be is counted, and nothing to fail for."""
    if collector == "deferred" or Active.deferral is not None:
        exchange = finder._core.provide("fastimport.code._collector").exchange
        Active.deferral = exchange(Active.deferral, collector == "deferred", resolver.refuse)
    if arenas == "huge" or Active.arenas is not None:
        Active.arenas = finder._core.provide("fastimport.code._arenas")
        Active.arenas.exchange(arenas == "huge", resolver.refuse)


def _use_lazy(path, environment):
    """Postpone what a file says; a refusal is counted, or raised if the environment is strict."""
    if path is None:
        return
    from fastimport.finding import lazy

    Active.lazy, refusal = lazy.exchange(Active.lazy, path, PathFinder.find_spec)
    if refusal is not None:
        if environment.strict:
            raise ImportError(f"lazy imports refused: {refusal}")
        resolver.refuse(f"lazy: {refusal}")


def _use_snapshot(snapshot, environment):
    """Attach what is asked for, or what is there; a refusal is counted, or raised if the environment is strict."""
    _drop_snapshot()
    path = snapshot or environment.snapshot or _environment_snapshot()
    path = None if path == "none" else path
    if path is None and Active.freshness != "frozen":
        return
    from fastimport.snapshot import attachment

    Active.freshness, Active.forget, refusal = attachment.attach_any(path, Active.freshness, environment)
    if refusal is not None:
        if environment.strict:
            raise ImportError(f"snapshot refused: {refusal}")
        resolver.refuse(f"snapshot: {refusal}")


def _environment_snapshot():
    import os

    if not os.path.isdir(os.path.join(sys.prefix, "fastimport")):  # which most environments don't have: nothing to import
        return None
    from fastimport.snapshot.places import environment_snapshot

    path = environment_snapshot()
    return path if os.path.exists(path) else None


def _drop_snapshot():
    if Active.forget is not None:
        Active.forget()
    Active.forget = None


def obstacle():
    """Why fastimport can't work here, or None."""
    if resolver is None:
        return finder.unavailable
    if resolver.reason is not None:
        return resolver.reason
    if not isinstance(getattr(sys, "meta_path", None), list):
        return "sys.meta_path is not a list"
    if position_of(StockPathFinder) is None and position_of(PathFinder) is None:
        return "PathFinder is not on sys.meta_path"
    return None


def _register(register):
    if register == "in_place":
        for name, method in finder.methods_for(resolver).items():
            _replace(StockPathFinder, name, method)
    else:
        Active.finders = tuple([item for item in _items(sys.meta_path) if item is StockPathFinder or item is PathFinder])
        _exchange(StockPathFinder, PathFinder)
    _speed_up_loader()
    finder.serve(resolver, PathFinder, StockPathFinder)
    Active.register = register


def _speed_up_loader():
    """Give importlib's source loader the quicker ``get_code``, unless somebody reads sources in a way of his own."""
    stock = loader.StockSourceFileLoader
    if finder.reader is not None and is_importlibs(stock, loader.READING_METHODS):
        for name, method in loader.reading_methods(finder.reader).items():
            if type(stock.__dict__.get(name)) is type(method):  # of an earlier time, put back by somebody who had it from then
                delattr(stock, name)
            _replace(stock, name, method)
        finder.reader.serve(stock, finder.Pin(stock, *loader.READING_METHODS))


def _replace(cls, name, method):
    Active.replaced.append((cls, name, cls.__dict__.get(name, _INHERITED), method))
    setattr(cls, name, method)


def _put_back():
    """Undo `_replace`, but for what somebody else has replaced since."""
    while Active.replaced:
        cls, name, former, ours = Active.replaced.pop()
        if cls.__dict__.get(name) is ours:
            if former is _INHERITED:
                delattr(cls, name)
            else:
                setattr(cls, name, former)


def _exchange(old, new, before=()):
    """In ``sys.meta_path``, perhaps another sequence by now: `before` takes the first places of `old`, `new` the others."""
    first = iter(before)
    meta_path = getattr(sys, "meta_path", None)
    if isinstance(meta_path, tuple):
        sys.meta_path = tuple([next(first, new) if item is old else item for item in meta_path])
        return
    for index, item in enumerate(_items(meta_path)):
        if item is old:
            meta_path[index] = next(first, new)


def uninstall():
    """Put back exactly what was there before `install`. Does nothing if fastimport is not installed.

    A `fastimport.PathFinder` that was on ``sys.meta_path`` by hand before stays; one that came later becomes importlib's.
    """
    if Active.register is None:
        return
    if Active.register == "meta_path":  # ours are importlib's again, but for those that somebody had put there before
        _exchange(PathFinder, StockPathFinder, Active.finders)
    _put_back()
    if finder.reader is not None:
        finder.reader.serve(None, None)
    _drop_snapshot()
    _use_memory("stock", "stock")
    if Active.lazy is not None:
        Active.lazy, _ = sys.modules["fastimport.finding.lazy"].exchange(Active.lazy)
    Active.register, Active.freshness = None, "checked"
    finder.set_freshness(resolver, "checked")
    finder.serve(resolver, PathFinder, StockPathFinder)
    finder.return_listings()


def installed():
    """Whether imports go through fastimport now: also False when somebody has taken it off ``sys.meta_path``."""
    if Active.register == "in_place":
        return any(cls is StockPathFinder and cls.__dict__.get(name) is ours for cls, name, _, ours in Active.replaced)
    return Active.register is not None and position_of(PathFinder) is not None


def level():
    """The freshness that is in effect, or None while fastimport is not active."""
    return Active.freshness if installed() else None


def position_of(finder):
    """The index of `finder` in ``sys.meta_path``, or None: by identity, others may compare as they like."""
    return next((index for index, item in enumerate(_items(getattr(sys, "meta_path", None))) if item is finder), None)


def _items(meta_path):
    """What is on it now: others may have put anything there."""
    try:
        return tuple(meta_path)
    except Exception:
        return ()


if (_waited := finder.stop_waiting()) is not None:  # a stand-in gives up its place, and gets it back complete
    _exchange(PathFinder, StockPathFinder)
    install(**_waited)

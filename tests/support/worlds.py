"""A finder with import state of its own."""

import sys
import warnings
from contextlib import contextmanager

from support import audit
from support.answers import Answer, describe_cache, describe_error, describe_spec

STATE = ("path", "path_hooks", "path_importer_cache")


class World:
    """One finder, with its own sys.path, sys.path_hooks and sys.path_importer_cache.

    Both finders of a comparison walk the same files, but neither sees what the other has cached.
    """

    def __init__(self, finder):
        self.finder = finder
        self.path = []
        self.path_hooks = list(sys.path_hooks)
        self.path_importer_cache = {}
        self.looks_into_cache = True
        self.last = None

    @contextmanager
    def active(self):
        """Inside, `sys` has this world's state; what `sys` has at the end is kept."""
        outer = {name: getattr(sys, name) for name in STATE}
        for name in STATE:
            setattr(sys, name, getattr(self, name))
        try:
            yield self
        finally:
            for name in STATE:
                setattr(self, name, getattr(sys, name, None))
                setattr(sys, name, outer[name])

    def ask(self, name, make_path=lambda: None, target=None, around=None):
        """Put one question. `make_path` is called in this world, `around` wraps the call."""
        with self.active():
            path = make_path()
            with audit.recording() as events, warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                spec, error = self.call(name, path, target, around)
            self.last = spec
            return self.answer(name, spec, error, seen, events)

    def call(self, name, path, target, around):
        try:
            if around is None:
                return self.finder.find_spec(name, path, target), None
            with around():
                return self.finder.find_spec(name, path, target), None
        except Exception as error:
            return None, error

    def answer(self, name, spec, error, seen, events):
        outcome = "raised" if error else "absent" if spec is None else "spec"
        described = None
        if spec is not None:
            described = describe_spec(spec) | {"same_name": spec.name is name}
        return Answer(
            outcome,
            described,
            describe_error(error),
            [(w.category.__name__, str(w.message), w.filename) for w in seen],
            events,
            self.describe_cache(),
        )

    def describe_cache(self):
        cache = getattr(sys, "path_importer_cache", None)
        if not self.looks_into_cache or cache is None:
            return []
        return describe_cache(cache)

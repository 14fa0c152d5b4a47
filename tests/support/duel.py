"""One question to two finders; a difference is a failure."""

import sys

from support.answers import differences
from support.oracle import STOCK
from support.worlds import World

REMEMBERED = ("cache", "events")  # T10: `trusted` remembers otherwise, and lists at other times


class Duel:
    """The stock finder and a candidate, each in its own world over the same files."""

    def __init__(self, candidate, oracle=STOCK, ignoring=()):
        self.oracle = World(oracle)
        self.candidate = World(candidate)
        self.ignoring = ignoring

    @property
    def worlds(self):
        return self.oracle, self.candidate

    def set_path(self, *entries):
        """Give each world a fresh list of entries as its sys.path."""
        for world in self.worlds:
            world.path = list(entries)

    def set_hooks(self, *hooks):
        for world in self.worlds:
            world.path_hooks = list(hooks)

    def add_hook(self, hook, index=0):
        for world in self.worlds:
            world.path_hooks.insert(index, hook)

    def each(self, action):
        """Call `action(world)` in both worlds, with `sys` set accordingly."""
        results = []
        for world in self.worlds:
            with world.active():
                results.append(action(world))
        return results

    def agree(self, action):
        """Call `action(world)` in both worlds, demand equal results, return the result."""
        expected, given = self.each(action)
        assert given == expected, f"importlib {expected!r}, candidate {given!r}"
        return expected

    def each_finder(self, key, action):
        """Call `action(finder)` on the item of both importer caches at `key`."""
        return self.each(lambda world: action(sys.path_importer_cache[key]))

    def invalidate(self):
        self.each(lambda world: world.finder.invalidate_caches())

    def report(self, name, make_path=lambda: None, target=None, around=None):
        """Both answers, and the lines in which they differ."""
        expected, given = [w.ask(name, make_path, target, around) for w in self.worlds]
        return expected, given, differences(expected, given, self.ignoring)

    def ask(self, name, path=None, target=None, around=None):
        """Ask both, fail on any difference, return the oracle's answer.

        `path` may be a function that makes a fresh search path, for one-shot iterables.
        """
        make_path = path if callable(path) else lambda: path
        expected, _, different = self.report(name, make_path, target, around)
        assert not different, f"find_spec({name!r}, {path!r}):\n" + "\n".join(different)
        return expected

    def ask_below(self, name, around=None):
        """Ask for a child on the search locations that each finder gave with its last spec."""
        answers = []
        for world in self.worlds:
            locations = getattr(world.last, "submodule_search_locations", None) or []
            answers.append(world.ask(name, lambda: locations, around=around))  # noqa: B023
        different = differences(*answers, self.ignoring)
        assert not different, f"find_spec({name!r}) below its parent:\n" + "\n".join(different)
        return answers[0]

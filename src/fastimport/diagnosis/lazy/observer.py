"""Watching a program's imports from inside: which statements ask for what, which module runs within which, and what each changes.

Runs in an interpreter of its own, everything being imported eagerly. Only what the importing thread does is seen.
"""

import _frozen_importlib as bootstrap
import sys
from _thread import get_ident

import fastimport
from fastimport.diagnosis.lazy.hearing import Ears
from fastimport.diagnosis.lazy.judging import effect_of, is_standard, listed_base, lists_subclasses, mentions, places_of
from fastimport.diagnosis.lazy.watching import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fastimport.diagnosis.lazy.watching import Change

_EXPLICIT = 1  # bit of IMPORT_NAME's argument: the statement says `lazy`
_MAIN = "__main__"
_SHOWN = 5  # effects of one module that are kept: one would be enough to keep it eager


class Observer:
    """What is learnt of one run: ``modules``, ``[name, within which, file]`` in order; ``effects``, texts by module;
    ``changed``, which modules each of those changed, "" for the process; ``asked``, what import statements asked for."""

    def __init__(self) -> None:
        self.modules: list[list[Any]] = []
        self.noted: dict[str, dict[tuple[str, ...], tuple[str, str]]] = {}  # by module, what was noted of it: text, and where
        self.former: dict[tuple[str, str, str], tuple[object, int]] = {}  # what a place held, and how many modules had begun
        self.asked: dict[tuple[str, str, tuple[str, ...] | None], None] = {}
        self.running = [_MAIN]
        self.thread = get_ident()
        self.ears = Ears(self.note, self.running)
        self.watch = Watch(frozenset({_MAIN, "fastimport", "fastimport_start"}))

    def start(self) -> None:
        """Observe from now on. In an enabled environment the rest of fastimport comes before: it is nobody's effect."""
        standing = fastimport._standing()  # type: ignore[attr-defined]
        if standing is not None:
            standing.bring_in()
        for name, module in list(sys.modules.items()):
            self.watch.take_in(name, module)
        self.ears.start()
        self.load = bootstrap._load_unlocked  # type: ignore[attr-defined]
        bootstrap._load_unlocked = self._load  # type: ignore[attr-defined]
        self.attribute()
        if hasattr(sys, "set_lazy_imports_filter"):
            sys.set_lazy_imports_filter(self._filter)
            sys.set_lazy_imports("all")  # type: ignore[attr-defined]

    def stop(self) -> None:
        """Hear no more."""
        self.thread = -1
        if hasattr(sys, "set_lazy_imports_filter"):
            sys.set_lazy_imports("normal")  # type: ignore[attr-defined]
            sys.set_lazy_imports_filter(None)

    def found(self) -> "dict[str, Any]":
        """What was learnt, as plain values."""
        self._find_listed_subclasses()
        self._find_users_of_handlers()
        asked = [[importer, name, list(names) if names is not None else None] for importer, name, names in self.asked]
        noted = {by: list(dict.fromkeys(found.values())) for by, found in self.noted.items() if found}
        effects = {by: list(dict.fromkeys(text for text, _ in found))[:_SHOWN] for by, found in noted.items()}
        changed = {by: list(dict.fromkeys(where for _, where in found)) for by, found in noted.items()}
        return {"modules": self.modules, "effects": effects, "changed": changed, "asked": asked}

    def note(self, text: str, where: str = "", homes: "tuple[str, ...]" = (), is_internal: bool = False) -> None:
        """An effect of the module that is running, on the module `where` if it is on one. It is none if that is one of `homes`,
        where the classes that it is about are at home; nor if it `is_internal`, of a kind that the standard library may have."""
        by = self.running[-1]
        if by == _MAIN or by in homes or (is_internal and is_standard(by)) or get_ident() != self.thread:
            return
        self._keep(by, text, where)

    def _keep(self, by: str, text: str, where: str) -> None:
        self.noted.setdefault(by, {})[text, where] = text, where

    def attribute(self) -> None:
        """Charge what has changed since the last time to the module that is running."""
        by = self.running[-1]
        for change in self.watch.changes():
            if by != _MAIN and not self._is_put_back(change, by):
                self._charge(change, by)
        self.ears.ask(by)

    def _charge(self, change: "Change", by: str) -> None:
        text: str | None
        try:
            text, places = effect_of(change, by), places_of(change)
        except Exception as error:  # an object that can't be looked at: better once too often
            text, places = f"changes {change.where}.{change.name}, which can't be looked at: {error}", [change.where]
        for where in places:
            if text is not None and get_ident() == self.thread:
                self.noted.setdefault(by, {})[by, change.where, change.name, where] = text, where

    def _is_put_back(self, change: "Change", by: str) -> bool:
        """Whether a module has put back what it had changed for a while. Only what was executed meanwhile could tell."""
        if change.added or change.removed:
            return False
        place = (by, change.where, change.name)
        former, begun = self.former.setdefault(place, (change.old, len(self.modules)))
        if former is not change.new:
            return False
        del self.former[place]
        noted = self.noted.get(by, {})
        for key in [key for key in noted if key[:3] == place]:
            text, _ = noted.pop(key)
            for name, _, _ in self.modules[begun:]:
                self._keep(name, f"is executed while {by} {text}", by)
        return True

    def _load(self, spec: "Any") -> "Any":
        if get_ident() != self.thread:
            return self.load(spec)
        self.attribute()
        self._watch_what_runs()
        name, module = spec.name, None
        self.modules.append([name, self.running[-1], spec.origin if spec.has_location else None])
        self.running.append(name)
        try:
            module = self.load(spec)
            self.ears.loaded(name)
            return module
        finally:
            self.attribute()
            self.running.pop()
            if module is not None:
                self.watch.take_in(name, module)

    def _watch_what_runs(self) -> None:
        """A package that imports a part of itself may be changed by that before it is loaded."""
        running = self.running[-1]
        if running != _MAIN and (module := sys.modules.get(running)) is not None:
            self.watch.take_in(running, module)

    def _filter(self, importer: str, name: str, names: "tuple[str, ...] | None") -> bool:
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti + 1] & _EXPLICIT or name in frame.f_globals.get("__lazy_modules__", ()):
            return True
        self.asked[importer, name, names] = None
        return False

    def _find_listed_subclasses(self) -> None:
        """A class is an effect where somebody may ask a base of another module for its subclasses."""
        readers = {name for name, module in list(sys.modules.items()) if lists_subclasses(name, module)}
        for name, _, _ in self.modules:
            base = listed_base(name, sys.modules.get(name), readers)
            if base is not None:
                home, cls = base
                self._keep(name, f"has a subclass of {home}.{cls}, whose subclasses are asked for", home)

    def _find_users_of_handlers(self) -> None:
        """A handler of a package's own that is looked up by name is an effect on modules whose code has the name."""
        for by, handler in self.ears.handlers:
            for name, module in list(sys.modules.items()):
                if name != by and mentions(name, module, handler):
                    self._keep(by, f"registers an error handler for codecs: {handler}", name)

"""What one observed run of a program tells: which modules may be late, and which must not, with the reason."""

from collections.abc import Iterable
from typing import Any

from fastimport.diagnosis.lazy.sources import seen_in_sources

IMPORTS = "imports {}, which must not be late"


class Knowledge:
    """The report of an `Observer`, made ready for questions."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.order: list[str] = [name for name, _, _ in report["modules"]]
        self.within: dict[str, str] = {name: within for name, within, _ in report["modules"]}
        self.files: dict[str, str | None] = {name: file for name, _, file in report["modules"]}
        self.effects: dict[str, list[str]] = report["effects"]
        self.changed: dict[str, list[str]] = report["changed"]
        for name, text, where in seen_in_sources(self.files):
            self.effects.setdefault(name, []).append(text)
            self.changed.setdefault(name, []).append(where)
        self.asked: list[tuple[str, str, list[str] | None]] = [tuple(each) for each in report["asked"]]

    def with_importers(self, names: Iterable[str]) -> dict[str, str]:
        """`names` with the modules within which they were executed, up to the program: late importers would make them late.

        Each with the name that it was added for; for one of `names` that is the name itself.
        """
        found = {name: name for name in names}
        for name in list(found):
            within = self.within.get(name)
            while within in self.within:
                found.setdefault(within, name)
                name, within = within, self.within[within]
        return found

    def kept_for_effects(self, harmless: Iterable[str] = ()) -> dict[str, str]:
        """What stays eager for what its execution changes in the process, and why; but for those that are taken as `harmless`.

        What changes only modules can wait until one of those is loaded: see `changes`.
        """
        reasons = {name: texts[0] for name, texts in self.effects.items() if name not in set(harmless)}
        return self.reasons([name for name in reasons if not self._changes_modules_only(name)], reasons)

    def changes(self, harmless: Iterable[str] = ()) -> dict[str, list[str]]:
        """Modules by which others are changed: themselves, or by what is executed within their execution.

        Nobody can have what is changed and not have loaded the module that keeps it. So it is early enough if they are executed
        as soon as that is loaded. What is inside a package is loaded after it: a package does not wait for its own parts.
        """
        found: dict[str, dict[str, None]] = {}
        for name in set(self.effects).difference(harmless):
            places, within = dict.fromkeys(self.changed[name]), name
            while within in self.within and self._changes_modules_only(name):
                places = {place: None for place in places if not f"{place}.".startswith(f"{within}.")}
                if not places:
                    break
                found.setdefault(within, {}).update(places)
                within = self.within[within]
        return {name: sorted(places) for name, places in sorted(found.items())}

    def _changes_modules_only(self, name: str) -> bool:
        """Whether all that `name` changes was loaded by the program, from files."""
        return all(self.files.get(place) is not None for place in self.changed[name])

    def trusted(self, trust: str) -> list[str]:
        """Modules with effects that are left to the runs to judge, by name.

        ``"none"``; ``"packages"``: those whose effects are all on their own top-level package; ``"all"``.
        """
        if trust == "none":
            return []
        return sorted(name for name in self.effects if trust == "all" or self._is_inside(name))

    def _is_inside(self, name: str) -> bool:
        """Whether all that `name` changes is of its own top-level package."""
        return {place.partition(".")[0] for place in self.changed[name]} == {name.partition(".")[0]}

    def reasons(self, names: Iterable[str], why: dict[str, str]) -> dict[str, str]:
        """`names` and their importers, each with its reason: of `why`, or for which it is imported."""
        return {name: why.get(name, IMPORTS.format(cause)) for name, cause in self.with_importers(names).items()}

    def lazy(self, eager: Iterable[str]) -> list[str]:
        """What may be late if `eager` must not."""
        return sorted(set(self.order).difference(eager))

    def shadowed_names(self) -> dict[str, list[str]]:
        """For ``from package.name import name`` in the package itself: late, `name` would be the module, not what it holds."""
        found: dict[str, set[str]] = {}
        for importer, name, names in self.asked:
            for each in names or ():
                if f"{importer}.{each}" == name:
                    found.setdefault(name, set()).add(each)
        return {name: sorted(names) for name, names in sorted(found.items())}

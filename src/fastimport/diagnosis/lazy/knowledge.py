"""What one observed run of a program tells: which modules may be late, and which must not, with the reason."""

from collections.abc import Iterable
from typing import Any

IMPORTS = "imports {}, which must not be late"


class Knowledge:
    """The report of an `Observer`, made ready for questions."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.order: list[str] = [name for name, _, _ in report["modules"]]
        self.within: dict[str, str] = {name: within for name, within, _ in report["modules"]}
        self.files: dict[str, str | None] = {name: file for name, _, file in report["modules"]}
        self.effects: dict[str, list[str]] = report["effects"]
        self.changed: dict[str, list[str]] = report["changed"]
        self.asked: list[tuple[str, str, list[str] | None]] = [tuple(each) for each in report["asked"]]

    def with_importers(self, names: Iterable[str]) -> dict[str, str]:
        """`names` with the modules within which they were executed, up to the program: late importers would make them late.

        Each with the name that it was added for; for one of `names` that is the name itself.
        """
        found = {name: name for name in names}
        for name in list(found):
            self._add_importers(found, name, None)
        return found

    def _add_importers(self, found: dict[str, str], name: str, end: str | None) -> None:
        """Add the modules within which `name` was executed, but for `end` and those around it."""
        within = self.within.get(name)
        while within in self.within and within != end:
            found.setdefault(within, name)
            name, within = within, self.within.get(within)

    def package_changed(self, name: str) -> str | None:
        """The innermost package around all that the module `name` changes, if `name` is executed within its execution.

        Nobody can have what is changed and not have imported that package: if the package is late, so is all that could tell.
        """
        places, package = self.changed[name], name
        while package in self.within:
            if all(f"{place}.".startswith(f"{package}.") for place in places):
                return package
            package = self.within[package]
        return None

    def kept_for_effects(self, harmless: Iterable[str] = ()) -> dict[str, str]:
        """What stays eager for what its execution changes elsewhere, and why; but for those that are taken as `harmless`.

        A module that changes a package within which it is executed is executed with it; the package itself may be late.
        """
        harmless = set(harmless)
        found: dict[str, str] = {}
        reasons = {name: texts[0] for name, texts in self.effects.items() if name not in harmless}
        for name in list(reasons):
            package = self.package_changed(name)
            if package == name:  # what it changes is below itself
                del reasons[name]
                continue
            found[name] = name
            self._add_importers(found, name, package)
        return self._explained(found, reasons)

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
        return self._explained(self.with_importers(names), why)

    def _explained(self, causes: dict[str, str], why: dict[str, str]) -> dict[str, str]:
        return {name: why.get(name, IMPORTS.format(cause)) for name, cause in causes.items()}

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

"""Whether the names that an import statement binds were of any use in this run."""

from collections.abc import Iterator

from fastimport.diagnosis.advice.program import MAIN, Program
from fastimport.diagnosis.advice.statements import Statement


class Uses:
    """Answers for one program; what was found out is kept."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._importers: dict[str, list[tuple[str, Statement]]] = {}
        for owner, statements in program.statements.items():
            for statement in statements:
                for target in program.targets(statement):
                    self._importers.setdefault(target, []).append((owner, statement))
        self._known: dict[tuple[str, str], bool] = {}

    def is_unused(self, owner: str, statement: Statement) -> bool:
        """Whether nothing of what it binds was used: neither by code of its module that ran, nor by who took it from there."""
        if statement.names == ("*",):
            return False
        return not any(self._is_used(owner, name) for name in statement.bound)

    def _is_used(self, owner: str, name: str) -> bool:
        key = owner, name
        if key not in self._known:
            self._known[key] = False  # two modules that only pass it to each other do not use it
            self._known[key] = name in self._program.mentioned.get(owner, ()) or any(self._takers(owner, name))
        return self._known[key]

    def _takers(self, owner: str, name: str) -> Iterator[bool]:
        """For each module that imports `owner`: does it use `name` of it?"""
        if owner == MAIN:
            return
        for other, statement in self._importers.get(owner, ()):
            if other == owner:
                continue
            if statement.module == owner and "*" in statement.names:
                yield True
            elif statement.module == owner and name in statement.names:
                yield self._is_used(other, statement.bound[statement.names.index(name)])
            elif name in self._program.mentioned.get(other, ()):  # owner.name, perhaps
                yield not statement.names or f"{statement.module}.{owner.rpartition('.')[2]}" == owner

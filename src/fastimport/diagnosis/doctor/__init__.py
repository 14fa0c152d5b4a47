"""What is wrong with an environment, as far as imports go: one module here for each family of findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastimport.diagnosis.doctor import (
    bytecode,
    editable,
    finders,
    interpreter,
    name_clash,
    own_state,
    pth_files,
    search_path,
    snapshot_state,
)
from fastimport.diagnosis.doctor.findings import ERROR, SEVERITIES, WARNING, Finding

Progress = Callable[[str], object]

_FAMILIES: dict[str, Callable[[Progress], Iterable[Finding]]] = {
    "name-clash": lambda progress: name_clash.find(),
    "fastimport": lambda progress: own_state.find(),
    "interpreter": lambda progress: interpreter.find(),
    "pth": pth_files.find,
    "finders": lambda progress: finders.find(),
    "editable": lambda progress: editable.find(),
    "search-path": lambda progress: search_path.find(),
    "bytecode": bytecode.find,
    "snapshot": lambda progress: snapshot_state.find(),
}
FAMILIES = tuple(_FAMILIES)


@dataclass
class Examination:
    """The families that were looked at, what they found, and facts about the environment."""

    findings: list[tuple[str, Finding]]
    families: tuple[str, ...]
    facts: dict[str, str]

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for _, finding in self.findings)

    @property
    def is_fine(self) -> bool:
        """Whether there is no error."""
        return not self.count(ERROR)


def examine(families: Iterable[str] = FAMILIES, progress: Progress = lambda message: None) -> Examination:
    """Look at `families`, and sort what they find: errors first. A family that fails is a finding, not an end.

    Raises `ValueError` for an unknown family.
    """
    chosen = tuple(families)
    if unknown := [name for name in chosen if name not in _FAMILIES]:
        raise ValueError(f"no such family: {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    findings = []
    for name in chosen:
        progress(name)
        try:
            findings += [(name, finding) for finding in _FAMILIES[name](progress)]
        except Exception as error:
            text = f"could not be examined: {type(error).__name__}: {error}"
            findings.append((name, Finding("failed", WARNING, name, text, "report it with the output of fastimport status")))
    findings.sort(key=lambda pair: (SEVERITIES.index(pair[1].severity), chosen.index(pair[0])))
    return Examination(findings, chosen, {**interpreter.facts(), **own_state.facts(), **snapshot_state.facts()})

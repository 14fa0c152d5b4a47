"""The sides of the table of targets: what a user can choose, what each part of it gives, and the nearest rival."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastimport.diagnosis.bench import identity, launcher, measure, recorded
from instruments import nearest_rival, whole_starts

CHECKED = "checked, no snapshot, deferred"
SNAPSHOT = "checked, snapshot, deferred"
FROZEN = "frozen, deferred"
FROZEN_HUGE = "frozen, deferred, huge pages"
FROZEN_STOCK = "frozen, collector as it is"
FROZEN_OFF = "frozen, collector off"
RIVAL = nearest_rival.NAME
RIVAL_OFF = f"{RIVAL}, collector off"
AGAINST_RIVAL = ((FROZEN, RIVAL), (FROZEN_STOCK, RIVAL), (FROZEN_OFF, RIVAL_OFF))
"""What is divided by what, in the same rounds."""

_OFF = "import gc; gc.disable(); del gc; "
_SNAPSHOT = f"snapshot={launcher.SNAPSHOT_PLACE!r}"
OURS = {
    CHECKED: "collector='deferred'",
    SNAPSHOT: f"{_SNAPSHOT}, collector='deferred'",
    FROZEN: f"freshness='frozen', {_SNAPSHOT}, collector='deferred'",
    FROZEN_HUGE: f"freshness='frozen', {_SNAPSHOT}, collector='deferred', arenas='huge'",
    FROZEN_STOCK: f"freshness='frozen', {_SNAPSHOT}",
    FROZEN_OFF: f"freshness='frozen', {_SNAPSHOT}",
}
_PROBE = "import fastimport as _f; _r = _f.stats().unmarshalled; assert _r is None, f'not ready-made: {_r}'"


def ours() -> list[launcher.Variant]:
    """Return the sides of fastimport."""
    setups = {name: f"import fastimport; fastimport.install({arguments}); del fastimport" for name, arguments in OURS.items()}
    setups[FROZEN_OFF] = _OFF + setups[FROZEN_OFF]
    return [launcher.Variant(name, setup, True) for name, setup in setups.items()]


@contextmanager
def prepared(program: launcher.Program, rival: Path | None, names: Sequence[str] = ()) -> Iterator[list[launcher.Variant]]:
    """All sides of one program, stock first, with a snapshot and an archive that are there as long as the block runs.

    *rival* is where the rival's package is (None: it takes no part); of *names*, if given, no other side is made. Raises
    `measure.ProgramFailed` or `nearest_rival.Unavailable`.
    """
    chosen = [variant for variant in ours() if not names or variant.name in names]
    with tempfile.TemporaryDirectory() as scratch, recorded.resolved([launcher.STOCK, *chosen], program) as sides:
        if rival is not None:
            setup = nearest_rival.setup(rival, nearest_rival.prepare(program, Path(scratch), rival))
            sides += [launcher.Variant(RIVAL, setup, False), launcher.Variant(RIVAL_OFF, _OFF + setup, False)]
        yield [side for side in sides if not names or side.name in (launcher.STOCK.name, *names)]


def obstacle(program: launcher.Program, variant: launcher.Variant) -> str:
    """Return why *variant* unmarshals code that should be ready-made, or nothing."""
    if "snapshot" not in variant.setup:
        return ""
    probing = whole_starts.followed(program, _PROBE)
    try:
        measure.run_once(launcher.command(probing, variant), launcher.environment(variant))
    except measure.ProgramFailed as error:
        return str(error).strip().splitlines()[-1]
    return ""


def accounts(program: launcher.Program, variants: Sequence[launcher.Variant]) -> dict[str, identity.Account]:
    """Return what each side imported, and the most memory that it took.

    Raises `AssertionError` if one imported something else than stock, or was not active.
    """
    identity.record(program, variants[0])  # may write bytecode
    found = {variant.name: identity.record(program, variant) for variant in variants}
    for variant in variants[1:]:
        account = found[variant.name]
        differences = identity.differences(found[launcher.STOCK.name], account)
        assert not differences, f"{variant.name}: {differences[:5]}"
        assert account.active or not variant.active, f"{variant.name}: fastimport was not active when the program ended"
    return found

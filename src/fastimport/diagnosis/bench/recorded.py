"""Sides that need a snapshot: it is recorded by one run of the program, started as the measured runs are."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastimport.diagnosis.bench import launcher, measure
from fastimport.snapshot import renewal, store

Command = tuple[Sequence[str], Mapping[str, str]]


@contextmanager
def resolved(
    variants: Sequence[launcher.Variant],
    program: launcher.Program,
    command: Callable[[launcher.Program, launcher.Variant], Command] = lambda program, variant: (
        launcher.command(program, variant),
        launcher.environment(variant),
    ),
    prefix: str = "",
) -> Iterator[list[launcher.Variant]]:
    """The variants with the path of a snapshot of *program* where they have none yet; it is there as long as the block runs.

    *command* says how a variant is started, and *prefix* what it sees before the path of the snapshot: where all files are
    mounted again, slow and read-only. Raises `measure.ProgramFailed` if the program fails.
    """
    if not any(launcher.SNAPSHOT_PLACE in variant.setup for variant in variants):
        yield list(variants)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "program.fastimport")
        if not prefix:
            measure.run_once(*command(program, launcher.STOCK))  # so that bytecode is there
        make(path, lambda variant: command(program, variant), os.path.join(scratch, "record"))
        yield [_with_snapshot(variant, prefix + path) for variant in variants]


def _with_snapshot(variant: launcher.Variant, path: str) -> launcher.Variant:
    if launcher.SNAPSHOT_PLACE not in variant.setup:
        return variant
    return variant._replace(setup=variant.setup.replace(launcher.SNAPSHOT_PLACE, path), files=(path,))


def make(path: str, command: Callable[[launcher.Variant], Command], record: str) -> None:
    """Write the snapshot *path* of what one run uses that *command* starts; *record* is a file for what is in between."""
    setup = f"import fastimport; fastimport.install(); fastimport.snapshot.recording.record_to({record!r}); del fastimport"
    setup = f"import fastimport.snapshot.recording; {setup}"
    measure.run_once(*command(launcher.Variant("recording", setup, True)))
    store.save(renewal.contents_of(Path(record).read_bytes()), path)

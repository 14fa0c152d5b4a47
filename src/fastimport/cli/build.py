"""``fastimport build``: make a snapshot of the environment, or of what a program uses."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from fastimport.cli.output import show, show_json, show_progress
from fastimport.diagnosis.words import counted
from fastimport.snapshot import build as building
from fastimport.snapshot import own_bytecode, paths_file, renewal, store
from fastimport.snapshot.model import Contents
from fastimport.snapshot.trust import Refused, make_directory

SCHEMA = "fastimport.build/1"

DESCRIPTION = """\
Writes a snapshot: the listings of directories and the code of modules in one file, from which later starts are served.
Without --from, of everything that can be imported from PATH (default: sys.path without its first entry) and from the
entries that a launcher puts before it; nothing is executed. With --from, the program is run once, and what it used by
its end is kept, in its order.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "build",
        help="make a snapshot of the environment, or of what a program uses",
        description=DESCRIPTION,
        epilog="Exit status: 0 written, 1 the program failed or recorded nothing, 2 wrong usage, 3 the file can't be written.",
        usage="fastimport build [-o FILE] [--by-content] [--root OLD=NEW] [--paths-file FILE] [--json] "
        "[PATH ... | --from -m MOD | -c CODE | SCRIPT ARGS ...]",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="the file to write (default: the environment's own)")
    parser.add_argument(
        "--by-content", action="store_true", help="keep no stamps and believe no times: equal trees give equal files"
    )
    parser.add_argument("--root", metavar="OLD=NEW", help="what is below OLD now will be below NEW; implies --by-content")
    parser.add_argument(
        "--paths-file", metavar="FILE", help="a launcher's list of path entries, one on each line, which come before PATH"
    )
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    parser.add_argument(
        "--from", dest="program", nargs=argparse.REMAINDER, metavar="PROGRAM", help="run a program, keep what it used"
    )
    parser.add_argument("path", nargs="*", metavar="PATH", help="directories (default: sys.path without its first entry)")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Build, write, tell."""
    if arguments.program is not None and (arguments.path or not arguments.program):
        arguments.parser.error("--from takes the rest of the line: -m MOD, -c CODE or SCRIPT, and its arguments")
    if arguments.program is not None and arguments.paths_file is not None:
        arguments.parser.error("--paths-file and --from exclude each other: a program searches what it has on its sys.path")
    old, _, new = (arguments.root or "").partition("=")
    if arguments.root and not (old.startswith("/") and new.startswith("/")):
        arguments.parser.error(f"--root {arguments.root}: two absolute directories, OLD=NEW")
    output = os.path.abspath(arguments.output) if arguments.output else store.environment_snapshot()
    if arguments.program is not None and not arguments.output and os.path.lexists(output):
        arguments.parser.error(f"--from without -o: {output} is the environment's, and stays; -o FILE says where, be it there")
    started = time.perf_counter()
    options: dict[str, Any] = {
        "by_content": bool(arguments.by_content or arguments.root),
        "home": os.path.dirname(output),
        "passed": [old] if arguments.root else [],
    }
    contents = _contents(arguments, options)
    if contents is None:
        return 1
    own_bytecode.keep(contents.paths[0])
    try:
        if arguments.root:
            building.move_root(contents, old, new)
    except ValueError as error:
        arguments.parser.error(f"--root {arguments.root}: {error}")
    try:
        if not arguments.output:
            make_directory(os.path.dirname(output), 0o755)
        size = store.save(contents, output)
    except (OSError, Refused) as error:
        print(f"fastimport build: {error}", file=sys.stderr)
        return 3
    show_progress()
    _tell(arguments.json, output, size, contents, time.perf_counter() - started)
    return 0


def _contents(arguments: argparse.Namespace, options: dict[str, Any]) -> Contents | None:
    if arguments.program is None:
        missing = [path for path in arguments.path if not os.path.isdir(path)]
        if missing:
            arguments.parser.error(f"not a directory: {', '.join(missing)}")
        given = [each if each.startswith("/") else os.path.abspath(each) for each in arguments.path]
        path = [*_listed(arguments), *(given or building.default_path())]
        return building.build(path, progress=_show, **options)
    record, status = _record(arguments.program)
    if status or not record:
        why = f"ended with status {status}" if status else "recorded nothing: it did not come to an end of its own"
        print(f"fastimport build: the program {why}; nothing was written", file=sys.stderr)
        return None
    return renewal.contents_of(record, **options)  # type: ignore[no-any-return]


def _listed(arguments: argparse.Namespace) -> list[str]:
    """The entries of ``--paths-file``; those that are not there are told, and recorded as that."""
    file = arguments.paths_file
    if file is None:
        return []
    try:
        entries = paths_file.read_entries(file)
    except paths_file.BadList as error:
        arguments.parser.error(str(error))
    except OSError as error:
        arguments.parser.error(f"{file}: {error.strerror or error}")
    missing = [entry for entry in entries if not os.path.exists(entry)]
    if missing:
        print(f"fastimport build: {file}: {len(missing)} of {len(entries)} entries are not there: {missing[0]}", file=sys.stderr)
    return entries


def _record(program: list[str]) -> tuple[bytes, int]:
    """Run a program; the record that it leaves, or b"", and its exit status."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "record")
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        status = subprocess.run([sys.executable, *flags, "-m", "fastimport", "run", "--record-to", path, *program]).returncode
        try:
            with open(path, "rb") as file:
                return file.read(), status
        except FileNotFoundError:
            return b"", status


def _show(directories: int, sources: int) -> None:
    if directories % 100 == 0:
        show_progress(f"{counted(directories, 'directory')}, {counted(sources, 'source file')}")


def _tell(as_json: bool, output: str, size: int, contents: Contents, seconds: float) -> None:
    found = {
        "schema": SCHEMA,
        "file": output,
        "bytes": size,
        "directories": len(contents.directories),
        "sources": len(contents.sources),
        "by_content": contents.by_content,
        "seconds": round(seconds, 3),
    }
    if as_json:
        show_json(found)
        return
    kind = "by content, " if contents.by_content else ""
    counts = f"{counted(len(contents.directories), 'directory')}, {counted(len(contents.sources), 'source file')}"
    show(f"{output}: {kind}{counts}, {size / 1e6:.1f} MB, {seconds:.1f} s")

"""``fastimport explain``: how a name is found, or why it is not."""

import argparse
import sys

from fastimport.cli.output import look_as_program, show, show_json
from fastimport.diagnosis import child, explain
from fastimport.diagnosis.explain import report


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "explain",
        help="say how a name is found, who is shadowed, what it costs, or why it is not found",
        description="Shows every candidate for a module name along sys.meta_path and the whole search path, which of them an "
        "import takes and why, and what a look-up costs with importlib and with fastimport. If there is none, it says "
        "what comes near. Packages above the name are imported, as by any import of it.",
        epilog="Exit status: 0 found, 1 not found, 2 wrong usage.",
    )
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {report.SCHEMA}")
    parser.add_argument("--no-import", action="store_true", help="execute nothing: follow the specs of the packages above")
    parser.add_argument("--no-cost", action="store_true", help="do not time look-ups")
    parser.add_argument("name", metavar="NAME", help="absolute name of a module, such as package.module")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Explain one name; 1 if it is not found."""
    try:
        explain.check_name(arguments.name)
    except ValueError as error:
        arguments.parser.error(str(error))
    look_as_program()
    explanation = explain.explain(arguments.name, import_parents=not arguments.no_import, measure=not arguments.no_cost)
    _note_if_loaded_at_start(explanation)
    if arguments.json:
        show_json(report.plain(explanation))
    else:
        show(report.text(explanation))
    return 0 if explanation.winner else 1


def _note_if_loaded_at_start(explanation: explain.Explanation) -> None:
    try:
        loaded = explanation.name in child.modules_at_start()
    except child.ChildFailed as error:
        print(f"fastimport explain: {error}", file=sys.stderr)
        return
    if loaded and explanation.winner is None:
        explain.take_from_modules(explanation)
    elif loaded:
        explanation.notes.insert(0, "it is loaded before a program starts: an import takes it from sys.modules, without a search")

"""What an import may do besides binding names, seen in the source: things that others would miss if it came later."""

import ast
from collections.abc import Collection

from fastimport.diagnosis.advice.outward import outward
from fastimport.diagnosis.advice.owners import is_own
from fastimport.diagnosis.advice.program import Program

_EFFECTS = {
    "atexit.register": "registers exit functions",
    "codecs.register": "registers codecs",
    "copyreg.pickle": "registers pickling",
    "signal.signal": "sets signal handlers",
    "logging.basicConfig": "configures logging",
    "logging.config.dictConfig": "configures logging",
    "warnings.filterwarnings": "changes warning filters",
    "warnings.simplefilter": "changes warning filters",
    "sys.meta_path.append": "adds import hooks",
    "sys.meta_path.insert": "adds import hooks",
    "sys.path_hooks.append": "adds import hooks",
    "sys.path_hooks.insert": "adds import hooks",
    "sys.path.append": "changes sys.path",
    "sys.path.insert": "changes sys.path",
    "sys.setrecursionlimit": "changes interpreter limits",
    "os.environ.setdefault": "changes the environment",
    "os.putenv": "changes the environment",
    "multiprocessing.set_start_method": "sets how processes start",
    "monkey.patch_all": "patches other modules",
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def risk_of(program: Program, modules: Collection[str]) -> str:
    """What is known to happen when `modules` are executed, in a few words; empty if nothing is known."""
    found: dict[str, str] = {}
    for name in modules:
        module = program.modules.get(name)
        source = program.texts.get(name) if module is not None else None
        if source is not None and module is not None:
            own = outward(program, name, modules) if is_own(module.origin or "") else []
            for effect in (*own, *effects(source)):
                found.setdefault(effect, name)
    return "; ".join(f"{name} {effect}" for effect, name in list(found.items())[:3])


def effects(text: str) -> set[str]:
    """The effects of a module's own code outside of functions."""
    if not any(dotted.rpartition(".")[2] in text for dotted in _EFFECTS):
        return set()
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(text)]
    while pending:
        node = pending.pop()
        if isinstance(node, _FUNCTIONS):
            continue
        if isinstance(node, ast.Call) and (effect := _EFFECTS.get(ast.unparse(node.func))):
            found.add(effect)
        pending += ast.iter_child_nodes(node)
    return found

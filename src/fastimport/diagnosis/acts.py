"""What the code of a module does to other modules, and to the process, when it is executed: as its source tells.

Only what stands outside of functions and begins with a name that the file imports. No substitute for watching, which does not
see why something changes, nor what has no value to look at: ``os.umask``.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

CALL, DECORATION, CHANGE = "call", "decoration", "change"

PROCESS = {
    "asyncio.set_event_loop_policy": "sets how event loops are made",
    "atexit.register": "registers exit functions",
    "codecs.register": "registers codecs",
    "copyreg.pickle": "registers pickling",
    "csv.field_size_limit": "changes limits of csv",
    "csv.register_dialect": "registers formats of csv",
    "decimal.setcontext": "changes how decimals are rounded",
    "faulthandler.enable": "handles crashes",
    "gc.disable": "changes the garbage collector",
    "gc.freeze": "changes the garbage collector",
    "gc.set_threshold": "changes the garbage collector",
    "locale.setlocale": "changes the locale",
    "logging.addLevelName": "configures logging",
    "logging.basicConfig": "configures logging",
    "logging.captureWarnings": "configures logging",
    "logging.config.dictConfig": "configures logging",
    "logging.config.fileConfig": "configures logging",
    "logging.disable": "configures logging",
    "logging.setLoggerClass": "configures logging",
    "mimetypes.add_type": "registers file types",
    "mimetypes.init": "registers file types",
    "multiprocessing.freeze_support": "may run a child process",
    "multiprocessing.set_start_method": "sets how processes start",
    "os.chdir": "changes the working directory",
    "os.environ.setdefault": "changes the environment",
    "os.environ.update": "changes the environment",
    "os.nice": "changes the priority of the process",
    "os.putenv": "changes the environment",
    "os.register_at_fork": "registers what is done at a fork",
    "os.setpriority": "changes the priority of the process",
    "os.umask": "changes the umask",
    "random.seed": "seeds random numbers",
    "resource.setrlimit": "changes limits of the process",
    "shutil.register_archive_format": "registers archive formats",
    "shutil.register_unpack_format": "registers archive formats",
    "signal.alarm": "sets timers",
    "signal.setitimer": "sets timers",
    "signal.signal": "sets signal handlers",
    "socket.setdefaulttimeout": "changes how sockets wait",
    "sys.addaudithook": "adds audit hooks",
    "sys.meta_path.append": "adds import hooks",
    "sys.meta_path.insert": "adds import hooks",
    "sys.path.append": "changes sys.path",
    "sys.path.insert": "changes sys.path",
    "sys.path_hooks.append": "adds import hooks",
    "sys.path_hooks.insert": "adds import hooks",
    "sys.set_asyncgen_hooks": "changes how the interpreter works",
    "sys.set_int_max_str_digits": "changes interpreter limits",
    "sys.setprofile": "traces the program",
    "sys.setrecursionlimit": "changes interpreter limits",
    "sys.setswitchinterval": "changes how the interpreter works",
    "sys.settrace": "traces the program",
    "threading.settrace": "traces the program",
    "threading.stack_size": "changes how threads are made",
    "time.tzset": "changes the time zone",
    "tracemalloc.start": "traces memory",
    "warnings.filterwarnings": "changes warning filters",
    "warnings.simplefilter": "changes warning filters",
    "xml.etree.ElementTree.register_namespace": "registers prefixes of XML",
}
"""Functions of the standard library that change the process, and in words how."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Act(NamedTuple):
    """One of them: CALL, DECORATION or CHANGE, and of what, under its full name: ``ssl.create_default_context``."""

    kind: str
    name: str
    is_conditional: bool = False
    """Whether it stands below an ``if``, and may never be done."""


def acts(text: str, package: str) -> list[Act]:
    """Those of a file, each once, in order. Raises `SyntaxError` or `ValueError`. Relative imports start at `package`."""
    origins: dict[str, str] = {}
    found: list[tuple[str, ast.expr, bool]] = []
    for node, is_conditional in _executed(ast.parse(text)):
        origins.update(_bound(node, package))
        found += ((*done, is_conditional) for done in _done(node))
    named = (Act(kind, name, maybe) for kind, expression, maybe in found if (name := _name(expression, origins)))
    return list(dict.fromkeys(named))


def _executed(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """What is executed with the module, perhaps on a condition: not what is in functions, but what decorates them."""
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, is_conditional = pending.pop()
        yield node, is_conditional
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            is_conditional = is_conditional or isinstance(node, ast.If)
            pending += ((child, is_conditional) for child in reversed(list(ast.iter_child_nodes(node))))


def _bound(node: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """The names that an import statement binds, with what they stand for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif isinstance(node, ast.ImportFrom):
        base = package
        for _ in range(node.level - 1):
            base = base.rpartition(".")[0]
        module = ".".join(filter(None, [base if node.level else "", node.module]))
        yield from ((alias.asname or alias.name, f"{module}.{alias.name}") for alias in node.names)


def _done(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield CALL, node.value.func
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield from ((DECORATION, decorator) for decorator in node.decorator_list)
    elif isinstance(node, ast.Assign | ast.Delete | ast.AugAssign):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        yield from ((CHANGE, target) for target in targets if isinstance(target, ast.Attribute | ast.Subscript))


def _name(expression: ast.expr, origins: dict[str, str]) -> str | None:
    """``np.random.seed`` as ``numpy.random.seed``; calls and subscripts on the way count as what they are of."""
    parts: list[str] = []
    while not isinstance(expression, ast.Name):
        if isinstance(expression, ast.Attribute):
            parts.append(expression.attr)
            expression = expression.value
        elif isinstance(expression, ast.Call):
            expression = expression.func
        elif isinstance(expression, ast.Subscript):
            expression = expression.value
        else:
            return None
    origin = origins.get(expression.id)
    return ".".join([origin, *reversed(parts)]) if origin is not None else None

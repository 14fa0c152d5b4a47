"""What a module's own code does to other modules, seen in its source: registrations that nobody else would make."""

import ast
from collections.abc import Collection, Iterator

from fastimport.diagnosis.advice.owners import is_in, is_own
from fastimport.diagnosis.advice.program import Program

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CALL, _DECORATION, _CHANGE = "call", "decoration", "change"


def outward(program: Program, name: str, gone: Collection[str]) -> list[str]:
    """In a few words each: what `name` calls for its effect, decorates with, or changes, of modules that are not `gone`."""
    origins = _origins(program, name, gone)
    if not origins:
        return []
    found: dict[str, None] = {}
    for node in _top_level(ast.parse(program.texts[name])):
        for act, expression in _acts(node):
            module = origins.get(_root(expression) or "")
            if module is not None and _counts(act, program.modules[module].origin or ""):
                found.setdefault(f"{'changes' if act == _CHANGE else 'registers with'} {module}")
    return list(found)


def _counts(act: str, file: str) -> bool:
    """Most decorators and calls of libraries register nothing: ``@dataclass``, ``@click.command()``."""
    return act == _CHANGE or is_own(file) or (act == _CALL and not is_in(file, ("stdlib", "platstdlib")))


def _origins(program: Program, name: str, gone: Collection[str]) -> dict[str, str]:
    """Names that the module's import statements bind, and the modules behind them that stay."""
    found = {}
    for statement in program.statements.get(name, ()):
        for index, bound in enumerate(statement.bound):
            part = f"{statement.module}.{statement.names[index]}" if statement.names else statement.module
            module = part if part in program.modules else statement.module
            if module in program.modules and module not in gone:
                found[bound] = module
    return found


def _top_level(tree: ast.Module) -> Iterator[ast.AST]:
    """What is executed with the module: not what is in functions, but what decorates them."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            pending += ast.iter_child_nodes(node)


def _acts(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield _CALL, node.value.func
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield from ((_DECORATION, decorator) for decorator in node.decorator_list)
    elif isinstance(node, ast.Assign | ast.Delete | ast.AugAssign):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        yield from ((_CHANGE, target) for target in targets if isinstance(target, ast.Attribute | ast.Subscript))


def _root(expression: ast.AST) -> str | None:
    """The name that an expression such as ``a.b(c)["d"]`` begins with."""
    while isinstance(expression, ast.Attribute | ast.Subscript | ast.Call):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return expression.id if isinstance(expression, ast.Name) else None

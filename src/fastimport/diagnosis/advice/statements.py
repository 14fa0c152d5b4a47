"""The import statements of a source file, which of them ran, and which names its code mentions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

_TYPE_CHECKING = "TYPE_CHECKING"


@dataclass(frozen=True, eq=False)
class Statement:
    """One ``import`` or ``from ... import``, with its targets as absolute names; equal only to itself."""

    file: str
    line: int
    end_line: int
    text: str
    module: str
    """What is imported; of ``import a.b, c`` each is a statement of its own."""
    names: tuple[str, ...] = ()
    """What ``from`` takes out of it; ``*`` alone for all."""
    bound: tuple[str, ...] = ()
    """The names that it binds, in the order of `names`."""
    function: tuple[int, str] | None = None
    """First line and name of the innermost function around it; None at the top of the module, which always runs."""
    is_guarded: bool = False
    """Whether a ``try`` is around it, that may catch a failure."""
    is_lazy: bool = False
    """Whether it only says what is to be imported once it is used (PEP 810)."""


@dataclass
class Source:
    """What a file says. `mentioned`: names and attributes in code outside of functions; `by_function`: in each function."""

    statements: list[Statement] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)
    by_function: dict[tuple[int, str], set[str]] = field(default_factory=dict)


def read_source(file: str, text: str, package: str) -> Source:
    """Parse a file; raises `SyntaxError` or `ValueError`. Relative imports start at `package`."""
    reader = _Reader(file, text.splitlines(), package)
    reader.read(ast.parse(text, file))
    return reader.source


class _Reader:
    """Walks the tree without recursion into what never runs."""

    def __init__(self, file: str, lines: list[str], package: str) -> None:
        self.file, self.lines, self.package = file, lines, package
        self.source = Source()

    def read(self, tree: ast.Module) -> None:
        pending: list[tuple[ast.AST, tuple[int, str] | None, bool]] = [(tree, None, False)]
        while pending:
            node, function, is_guarded = pending.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.source.statements += self._statements(node, function, is_guarded)
                continue
            self._mention(node, function)
            for child, inside in _children(node, function):
                pending.append((child, inside, is_guarded or isinstance(node, ast.Try)))
        self.source.statements.sort(key=lambda each: (each.line, each.module))

    def _mention(self, node: ast.AST, function: tuple[int, str] | None) -> None:
        name = None
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.Attribute):
            name = node.attr
        if name is not None:
            where = self.source.mentioned if function is None else self.source.by_function.setdefault(function, set())
            where.add(name)

    def _statements(
        self, node: ast.Import | ast.ImportFrom, function: tuple[int, str] | None, is_guarded: bool
    ) -> Iterator[Statement]:
        text = " ".join(line.strip() for line in self.lines[node.lineno - 1 : node.end_lineno])
        place = (self.file, node.lineno, node.end_lineno or node.lineno, text)
        more = (function, is_guarded, bool(getattr(node, "is_lazy", 0)))
        if isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            bound = tuple(alias.asname or alias.name for alias in node.names)
            yield Statement(*place, self._absolute(node), names, bound, *more)
            return
        for alias in node.names:
            bound = (alias.asname or alias.name.partition(".")[0],)
            yield Statement(*place, alias.name, (), bound, *more)

    def _absolute(self, node: ast.ImportFrom) -> str:
        base = self.package
        for _ in range(node.level - 1):
            base = base.rpartition(".")[0]
        return ".".join(filter(None, [base if node.level else "", node.module or ""]))


def _children(node: ast.AST, function: tuple[int, str] | None) -> Iterator[tuple[ast.AST, tuple[int, str] | None]]:
    """What is inside a node, and in which function it runs: decorators and defaults run outside."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        inside = (first, node.name)
        yield from ((child, inside) for child in node.body)
        outside = [node.args, node.returns, *node.decorator_list]
        yield from ((child, function) for child in outside if child is not None)
    elif isinstance(node, ast.Lambda):
        yield node.args, function
        yield node.body, (node.lineno, "<lambda>")
    elif isinstance(node, ast.If) and _is_type_checking(node.test):
        yield from ((child, function) for child in node.orelse)
    else:
        yield from ((child, function) for child in ast.iter_child_nodes(node))


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == _TYPE_CHECKING) or (
        isinstance(test, ast.Attribute) and test.attr == _TYPE_CHECKING
    )

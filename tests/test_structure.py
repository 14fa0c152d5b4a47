"""The arrows of the house point one way, and every global thing has one owner.

cli -> verification, startup, snapshot, activation -> finder -> loader -> compiled modules, and
settings below all of them. Compiled modules import nothing of ours.
"""

import ast
import importlib
import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).parents[1] / "src" / "fastimport"
FILES = sorted(SOURCE.rglob("*.py"))
COMPILED = sorted(SOURCE.rglob("*.pyx"))

# What a module may import: its own floor and those below. Modules of one floor may know each other.
FLOORS = (
    ("_resolver", "_tables", "_names", "_index", "_bytecode", "_snapshot", "_capi"),
    ("settings", "importlib_frames", "record", "stock_names", "identity", "trust", "snapshot_places", "recording"),
    ("loader",),
    ("finder",),
    ("attachment",),
    ("statistics", "activation"),
    ("verification", "startup", "snapshot", "mpi", "site_files", "exec_path", "independent", "embedding"),
    ("cli",),
    ("__main__", "__init__"),
)
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}

# Who else looks at the environment, and why it is not a setting of fastimport that is read.
ENVIRONMENT_READERS = {
    "settings.py": "the owner",
    "cli/exec.py": "handed on, with additions, to the command",
    "cli/prompt.py": "PYTHONSTARTUP, which the interactive prompt owes to python",
    "startup/bench/launcher.py": "handed on, whole, to the processes that are measured",
    "startup/savings.py": "the same",
}
META_PATH_CHANGES = {"append", "insert", "remove", "pop", "clear", "extend", "reverse", "sort", "__setitem__"}


def relative(path):
    return path.relative_to(SOURCE).as_posix()


def part_of(path):
    """The part of the house that a file belongs to: `cli/run.py` is cli."""
    return relative(path).removesuffix(path.suffix).split("/")[0]


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def own_imports(path):
    """Parts of fastimport that a file imports, at whatever depth of the code."""
    package = ["fastimport", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (part for alias in node.names for part in parts(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            if origin == "fastimport":
                yield from (alias.name for alias in node.names if alias.name in FLOOR)
            else:
                yield from parts(origin)


def parts(dotted):
    head, *rest = dotted.split(".")
    return rest[:1] if head == "fastimport" else []


def is_sys_meta_path(node):
    return isinstance(node, ast.Attribute) and node.attr == "meta_path"


def changes_meta_path(node):
    """Assignment to it, to an item of it, deletion, or a call of a method that changes it."""
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return is_sys_meta_path(node) or is_sys_meta_path(getattr(node, "value", None))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in META_PATH_CHANGES and is_sys_meta_path(node.func.value)
    return False


def reads_environment(node):
    return isinstance(node, ast.Attribute | ast.Name) and (
        getattr(node, "attr", None) in ("environ", "environb", "getenv") or getattr(node, "id", None) in ("environ", "getenv")
    )


def files_where(condition):
    return {relative(path) for path in FILES if any(map(condition, ast.walk(tree_of(path))))}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_point_down(path):
    """No file imports from a floor above its own."""
    level = FLOOR[part_of(path)]
    upwards = [part for part in own_imports(path) if FLOOR[part] > level]
    assert upwards == []


@pytest.mark.parametrize("path", FILES + COMPILED, ids=relative)
def test_every_file_has_a_floor(path):
    """A new part of the house is put into its place here."""
    assert part_of(path) in FLOOR


@pytest.mark.parametrize("path", COMPILED, ids=relative)
def test_compiled_modules_import_nothing_of_ours(path):
    """Neither at the top nor inside a function; a cimport shares C declarations, as a header does."""
    lines = path.read_text(encoding="utf-8").splitlines()
    ours = re.compile(r"\s*(from\s+(fastimport\S*|\.\S*)\s+import\b|import\s+fastimport)")
    assert [line for line in lines if ours.match(line)] == []


def test_only_activation_changes_the_meta_path():
    """One owner of sys.meta_path."""
    assert files_where(changes_meta_path) == {"activation.py"}


def test_only_settings_reads_the_environment():
    """Others are listed with their reason; none of them reads a FASTIMPORT variable."""
    assert files_where(reads_environment) <= set(ENVIRONMENT_READERS)
    for name in set(ENVIRONMENT_READERS) - {"settings.py"}:
        if (SOURCE / name).exists():
            source = (SOURCE / name).read_text(encoding="utf-8")
            assert not re.search(r"environ\S*[\[(.]\S*FASTIMPORT", source), name


@pytest.mark.parametrize("path", COMPILED, ids=relative)
def test_compiled_modules_are_there(path):
    """Required means required: a missing build is an error, never a skip."""
    module = importlib.import_module(f"fastimport.{path.stem}")
    assert not module.__file__.endswith((".py", ".pyx"))


@pytest.mark.parametrize("path", [*FILES, *COMPILED], ids=relative)
def test_files_stay_readable(path):
    """A file that outgrows this has two jobs: give each a name."""
    limit = 500 if path.suffix == ".pyx" else 260
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


def makes_items(source):
    """The list comprehensions, and `tuple` of them, of a .pyx file that make their items rather than pass them on."""
    items = re.findall(r"(?:\[|tuple\(|list\()([^][\n]+?) for [^][\n]+ in [^\n]+[])]", source)
    return [item for item in items if not item.isidentifier() and item.count("(") == item.count(")")]


@pytest.mark.parametrize("path", COMPILED, ids=relative)
def test_comprehensions_pass_items_on(path):
    """Cython 3.3.1 gives a made item back twice where memory for the list runs out: the interpreter would crash, later."""
    assert not makes_items(path.read_text(encoding="utf-8"))


def test_the_checks_can_fail():
    """Each condition sees what it is for."""
    assert makes_items("x = [(a, b) for a, b in c]") and makes_items("y = tuple([f(a) for a in c if a])")
    assert makes_items("x = tuple(f(a) for a in c)") and not makes_items("x = [a for a, _ in c]")
    assert not makes_items("x = {a: tuple(b) for a, b in c.items()}")
    bad = ast.parse("import sys, os\nsys.meta_path.insert(0, 1)\nsys.meta_path[0] = 1\ndel sys.meta_path\nos.environ['A']")
    assert sum(map(changes_meta_path, ast.walk(bad))) == 3
    assert any(map(reads_environment, ast.walk(bad)))
    fine = ast.parse("import sys\nx = sys.meta_path[0]\nsys.meta_path.index(x)")
    assert not any(map(changes_meta_path, ast.walk(fine)))

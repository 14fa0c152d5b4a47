"""The plan of the house: which rooms there are, which way the arrows point, and who owns a global thing.

    src/fastimport/   __init__ __main__ mpi: the face     activation state settings statistics: the switch
        finding/      which file is this module
        code/         from a file or a snapshot to a code object, and the garbage collector meanwhile
        snapshot/     the bytes of a snapshot, and whether to believe them
        environment/  enable, disable, exec
        hosting/      inside other programs: prefork servers, hosts in C, jobs of many ranks
        diagnosis/    where the time of a start goes, and why a name leads where it leads
        cli/          one short file for each family of commands

An arrow is an import, at the top of a file or inside a function. It stays in its room or points to a lower floor.
"""

import ast
import importlib
import pathlib
import pkgutil
import re
import types

import pytest

import fastimport

SOURCE = pathlib.Path(__file__).parents[1] / "src" / "fastimport"
COMPILED = sorted(SOURCE.rglob("*.pyx"))
INCLUDED = sorted(SOURCE.rglob("*.pxi"))  # files that are part of a compiled module: each module costs every start
LIBRARY = SOURCE / "_core.pyx"
DOORS = {path.with_suffix(".py") for path in COMPILED} - {LIBRARY.with_suffix(".py")}  # they load what is compiled
FILES = sorted(set(SOURCE.rglob("*.py")) - DOORS)

# The lowest floor first. Compiled modules lie below all of them, in whichever room they are, and import nothing of ours.
FLOORS = (
    ("settings", "stand_in"),
    ("finding", "code"),
    ("snapshot",),
    ("statistics", "state", "activation"),
    ("environment", "hosting", "diagnosis"),
    ("cli",),
    ("__main__", "__init__", "mpi"),
)
# The same inside the largest room.
DIAGNOSIS_FLOORS = (
    ("acts", "child", "file_systems", "latency", "words", "working_directory", "__init__"),
    ("bench",),
    ("record", "lazy"),
    ("report", "explain"),
    ("advice",),
    ("inside", "paths", "verification"),
    ("doctor",),
)

# Who else looks at the environment, and why it is not a setting of fastimport that is read.
ENVIRONMENT_READERS = {
    "settings.py": "the owner",
    "stand_in.py": "whether to load anything of ours, and whether there are settings that can't wait",
    "environment/exec_path/sitecustomize.py": "whether to load anything of ours",
    "cli/exec.py": "handed on, with additions, to the command",
    "cli/terminal.py": "NO_COLOR, FORCE_COLOR and TERM, which are everybody's",
    "cli/prompt.py": "PYTHONSTARTUP, which the interactive prompt owes to python",
    "diagnosis/lazy/runs.py": "handed on, with exceptions, to the program that is run",
    "diagnosis/advice/deferral.py": "handed on, whole, to the processes that are measured",
    "diagnosis/bench/launcher.py": "handed on, whole, to the processes that are measured",
    "diagnosis/record/savings.py": "the same",
    "diagnosis/bench/commands.py": "the same",
}
BEFORE_SETTINGS = {"stand_in.py", "environment/exec_path/sitecustomize.py"}
"""Those that ask for one of our variables to know whether to load the owner at all."""
META_PATH_CHANGES = {"append", "insert", "remove", "pop", "clear", "extend", "reverse", "sort", "__setitem__"}


def relative(path):
    return path.relative_to(SOURCE).as_posix()


def module_of(path):
    """The dotted name of a file below fastimport: ``cli.run``; of a package ``cli``, and of fastimport itself ``__init__``."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_of(path): path for path in [*FILES, *COMPILED]}


def floor(module, floors=FLOORS, depth=0):
    """The height of a module; compiled ones lie below everything."""
    if MODULES[module].suffix == ".pyx":
        return -1
    parts = module.split(".")
    name = parts[depth] if len(parts) > depth else "__init__"
    return next(level for level, names in enumerate(floors) if name in names)


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(node, package):
    """Full names that an import statement asks for: modules, and what may be a module or a name in one."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = package[: len(package) + 1 - node.level] if node.level else []
        origin = ".".join([*base, *filter(None, [node.module])])
        return [f"{origin}.{alias.name}" for alias in node.names]
    return []


def own_module(name):
    """The module of ours that a full name is, or is in; None for those of others and for what __init__ hands on."""
    parts = name.split(".")
    if parts[0] != "fastimport":
        return None
    for end in range(len(parts), 1, -1):
        if ".".join(parts[1:end]) in MODULES:
            return ".".join(parts[1:end])
    return None


def own_imports(path):
    """Modules of fastimport that a file imports, at whatever depth of the code; not those that only a type checker sees."""
    package = ["fastimport", *path.relative_to(SOURCE).parts[:-1]]
    tree = tree_of(path)
    unseen = {id(node) for test in ast.walk(tree) if is_type_checking(test) for node in ast.walk(test)}
    names = [name for node in ast.walk(tree) if id(node) not in unseen for name in imported(node, package)]
    return {module for name in names if (module := own_module(name)) is not None} - {module_of(path)}


def is_type_checking(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


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
    level = floor(module_of(path))
    assert [module for module in own_imports(path) if floor(module) > level] == []


@pytest.mark.parametrize("path", [path for path in FILES if relative(path).startswith("diagnosis/")], ids=relative)
def test_imports_point_down_inside_diagnosis(path):
    """The recorder knows nothing of reports, reports nothing of the doctor."""
    level = floor(module_of(path), DIAGNOSIS_FLOORS, 1)
    inside = [module for module in own_imports(path) if module.startswith("diagnosis.")]
    assert [module for module in inside if floor(module, DIAGNOSIS_FLOORS, 1) > level] == []


def circle_from(start, arrows):
    """A way along `arrows` from a module back to itself, or None."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop()
        for module in sorted(arrows.get(way[-1], ())):
            if module == start:
                return way
            if module not in seen:
                seen.add(module)
                ways.append([*way, module])
    return None


def test_no_file_imports_itself_by_way_of_others():
    """No circles, not even by imports inside functions."""
    arrows = {module_of(path): own_imports(path) for path in FILES}
    assert [way for module in arrows if (way := circle_from(module, arrows))] == []


def test_no_name_is_both_a_module_and_something_else():
    """In no package: whichever is bound last would take the other's place, and lazy imports change which that is."""
    clashes = []
    packages = [fastimport.__name__]
    while packages:
        package = importlib.import_module(packages.pop())
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if found.name in NOT_IMPORTED:
                continue
            packages += [found.name] * found.ispkg
            module = importlib.import_module(found.name)
            if getattr(package, found.name.rpartition(".")[2]) is not module:
                clashes.append(found.name)
        modules = {found.name for found in pkgutil.iter_modules(package.__path__)}
        clashes += [f"{package.__name__}.{name}" for name in bound_names(package) & modules]
    assert clashes == []


NOT_IMPORTED = {
    "fastimport.__main__",
    "fastimport.cli.recorded",
    "fastimport.diagnosis.bench.recorder",
    "fastimport.diagnosis.doctor.pth_child",
    "fastimport.diagnosis.paths.recorder",
    "fastimport.environment.exec_path.sitecustomize",
}
"""Those that act when they are imported."""


def bound_names(package):
    """What a package's own code binds that is no module."""
    tree = tree_of(pathlib.Path(SOURCE, *package.__name__.split(".")[1:], "__init__.py"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    return {name for name in names if not isinstance(getattr(package, name, None), types.ModuleType)}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_every_file_has_a_floor(path):
    """A new part of the house is put into its place here."""
    module = module_of(path)
    assert floor(module) >= 0 and (not module.startswith("diagnosis.") or floor(module, DIAGNOSIS_FLOORS, 1) >= 0)


@pytest.mark.parametrize("path", [*COMPILED, *INCLUDED], ids=relative)
def test_compiled_modules_import_nothing_of_ours(path):
    """Neither at the top nor inside a function; a cimport shares C declarations, as a header does."""
    lines = path.read_text(encoding="utf-8").splitlines()
    ours = re.compile(r"\s*(from\s+(fastimport\S*|\.\S*)\s+import\b|import\s+fastimport)")
    assert [line for line in lines if ours.match(line)] == []


def test_only_activation_changes_the_meta_path():
    """One owner of sys.meta_path, who stands there until it is loaded, and who has late modules executed in time."""
    assert files_where(changes_meta_path) == {"activation.py", "stand_in.py", "finding/followers.py"}


def test_only_settings_reads_the_environment():
    """Others are listed with their reason; none of them reads a FASTIMPORT variable."""
    assert files_where(reads_environment) <= set(ENVIRONMENT_READERS)
    for name in set(ENVIRONMENT_READERS) - BEFORE_SETTINGS - {"settings.py"}:
        if (SOURCE / name).exists():
            source = (SOURCE / name).read_text(encoding="utf-8")
            assert not re.search(r"environ\S*[\[(.]\S*FASTIMPORT", source), name


@pytest.mark.parametrize("path", COMPILED, ids=relative)
def test_compiled_modules_are_there(path):
    """Required means required: a missing build is an error, never a skip."""
    module = importlib.import_module(f"fastimport.{module_of(path)}")
    assert module.__file__ == importlib.import_module("fastimport._core").__file__
    assert not module.__file__.endswith((".py", ".pyx")) and module.__spec__.origin == module.__file__


@pytest.mark.parametrize("path", sorted(DOORS), ids=relative)
def test_doors_of_compiled_modules_do_nothing_else(path):
    """What is in such a file would not be in the module: the compiled one takes its place."""
    expected = f'"""Compiled: the source is {path.stem}.pyx."""\n\nfrom fastimport._core import load\n\nload(__name__)\n'
    assert path.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("path", [*FILES, *COMPILED, *INCLUDED], ids=relative)
def test_files_stay_readable(path):
    """A file that outgrows this has two jobs: give each a name."""
    limit = 260 if path.suffix == ".py" else 500
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


def class_sizes(source):
    """Lines of each class of a Cython file."""
    starts = [*re.finditer(r"^(?:cdef )?class (\w+)", source, re.MULTILINE)]
    ends = [re.search(r"\n+(?=[^\s#)])|\Z", source[start.end() :]).start() + start.end() for start in starts]
    return {start[1]: len(source[start.start() : end].split("\n")) for start, end in zip(starts, ends, strict=True)}


@pytest.mark.parametrize("path", [*COMPILED, *INCLUDED], ids=relative)
def test_compiled_classes_stay_readable(path):
    """One that outgrows this has a second job, which becomes a class of its own."""
    sizes = class_sizes(path.read_text(encoding="utf-8"))
    assert all(size <= 300 for size in sizes.values()), sizes


def makes_items(source):
    """The list comprehensions, and `tuple` of them, of a .pyx file that make their items rather than pass them on."""
    items = re.findall(r"(?:\[|tuple\(|list\()([^][\n]+?) for [^][\n]+ in [^\n]+[])]", source)
    return [item for item in items if not item.isidentifier() and item.count("(") == item.count(")")]


@pytest.mark.parametrize("path", [*COMPILED, *INCLUDED], ids=relative)
def test_comprehensions_pass_items_on(path):
    """Cython 3.3.1 gives a made item back twice where memory for the list runs out: the interpreter would crash, later."""
    assert not makes_items(path.read_text(encoding="utf-8"))


def test_the_checks_can_fail():
    """Each condition sees what it is for."""
    assert class_sizes("cdef class A(B):\n    x = 1\n\n    y = 2\n\n\nclass C:\n    pass\n\nz = 3\n") == {"A": 4, "C": 2}
    assert makes_items("x = [(a, b) for a, b in c]") and makes_items("y = tuple([f(a) for a in c if a])")
    assert makes_items("x = tuple(f(a) for a in c)") and not makes_items("x = [a for a, _ in c]")
    assert not makes_items("x = {a: tuple(b) for a, b in c.items()}")
    bad = ast.parse("import sys, os\nsys.meta_path.insert(0, 1)\nsys.meta_path[0] = 1\ndel sys.meta_path\nos.environ['A']")
    assert sum(map(changes_meta_path, ast.walk(bad))) == 3
    assert any(map(reads_environment, ast.walk(bad)))
    fine = ast.parse("import sys\nx = sys.meta_path[0]\nsys.meta_path.index(x)")
    assert not any(map(changes_meta_path, ast.walk(fine)))

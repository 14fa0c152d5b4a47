"""What is importlib's own: its methods and path hooks, told from others', and its frames, imitated for those who judge them."""

import _frozen_importlib_external as external
import builtins
import sys

_Function, _Module = type(lambda: None), type(sys)
_BUILTINS = (type(object.__init__), type(object.__new__), type(str.lower))
_STOCK_FILES = ("<frozen importlib._bootstrap_external>", "<frozen importlib._bootstrap>")


def as_importlib(function, stock, line):
    """Give a function importlib's file and module name, and of the function `stock` the name and the `line_of_call`.

    importlib trims its own frames from tracebacks by file name, debuggers skip them by module name
    (``bdb.Bdb(skip=["importlib*"])``), and people compare tracebacks. All that the function uses must be local to it or in its
    closure.
    """
    code = function.__code__
    code = code.replace(co_filename=_STOCK_FILES[0], co_firstlineno=line, co_linetable=_one_line(len(code.co_code)))
    names = {"__name__": "importlib._bootstrap_external", "__builtins__": __builtins__}
    made = type(function)(code, names, function.__name__, function.__defaults__, function.__closure__)
    made.__doc__, made.__qualname__, made.__module__ = function.__doc__, stock.__qualname__, stock.__module__
    return made


def is_importlibs(cls, names):
    """Whether methods of one of importlib's classes are importlib's: tools may have replaced them before we came.

    By type, too: a wrapper may pass for what it wraps.
    """
    found = {}
    for base in reversed(cls.__mro__[:-1]):  # nobody can replace those of `object`
        members = base.__dict__
        for name in names:
            if name in members:
                found[name] = members[name]
    for method in found.values():
        kind = type(method)
        if kind is classmethod or kind is staticmethod:
            method = method.__func__
            kind = type(method)
        if kind is _Function:
            if method.__code__.co_filename not in _STOCK_FILES:
                return False
        elif kind not in _BUILTINS and not _is_ours(kind):
            return False
    return True


def _is_ours(cls):
    """The class of a method of ours that somebody put back who had it from an earlier `fastimport.install`."""
    return cls.__module__ == "fastimport.code._bytecode"


def called_by_name():
    """What searching and reading call by global names: pairs of a module and names, which some versions lack."""
    bootstrap = external._bootstrap
    return (
        (external, (
            "NamespacePath", "_NamespacePath", "_OPT", "_PYCACHE", "_bootstrap", "_calc_mode", "_classify_pyc",
            "_code_to_hash_pyc", "_code_to_timestamp_pyc", "_compile_bytecode", "_get_cached", "_imp", "_io", "_os",
            "_pack_uint32", "_path_isabs", "_path_isdir", "_path_isfile",
            "_path_is_mode_type", "_path_join", "_path_split", "_path_stat",
            "_relax_case", "_unpack_uint32", "_validate_hash_pyc", "_validate_timestamp_pyc", "_write_atomic", "marshal",
            "path_sep", "path_separators",
            "spec_from_file_location", "sys",
        )),
        (external._os, ("getcwd", "listdir", "mkdir", "open", "replace", "stat")),
        (bootstrap, ("ModuleSpec", "_verbose_message")),
        (external._io, ("FileIO", "open_code")),
        (external.marshal, ("dumps", "loads")),
        (external._imp, ("_fix_co_filename", "source_hash")),
        (builtins, ("compile",)),
    )  # fmt: skip


def replaced_before(classes):
    """What somebody replaced before we came, in words, or None: a function that is called by name, a method of these classes."""
    for module, names in (*called_by_name(), (external, ("cache_from_source",))):
        for name in names:
            if name in module.__dict__ and not _is_original(module.__dict__[name], name):
                return f"{name} was replaced before fastimport was imported"
    if not all(is_importlibs(cls, names) for cls, names in classes.items()):
        return "a class of importlib was patched before fastimport was imported"
    return None


def _is_original(value, name):
    """Whether it can be what the interpreter put there: functions of importlib, builtins and classes of this name, modules."""
    kind = type(value)
    if kind is _Function:
        return value.__code__.co_filename in _STOCK_FILES
    if kind is type(len) or kind is type:
        return value.__name__.lstrip("_") == name.lstrip("_")
    return kind is _Module or kind is str or kind is list


def zipimporter():
    """The hook for archives, if the interpreter has loaded it."""
    return getattr(sys.modules.get("zipimport"), "zipimporter", None)


def stock_hooks():
    """``(hooks, loader details)`` if sys.path_hooks begins as the interpreter made it, so that directories need not ask it."""
    hooks = sys.path_hooks if type(sys.path_hooks) is list else ()
    for index, hook in enumerate(hooks):
        if getattr(hook, "__qualname__", None) == "FileFinder.path_hook.<locals>.path_hook_for_FileFinder":
            values = {name: cell.cell_contents for name, cell in zip(hook.__code__.co_freevars, hook.__closure__)}
            is_known = set(values) == {"cls", "loader_details"} and values["cls"] is external.FileFinder
            return (tuple(hooks[: index + 1]), values["loader_details"]) if is_known else None
        if hook is not zipimporter():
            return None
    return None


def from_frame_of(traceback, code):
    """`traceback` from the first entry on that runs `code`. If none does: what follows the caller's, and another of ours."""
    first = entry = traceback.tb_next
    while entry is not None and entry.tb_frame.f_code is not code:
        entry = entry.tb_next
    if entry is None and first is not None and first.tb_frame.f_code.co_filename == _STOCK_FILES[0]:
        return first.tb_next
    return entry or first


def after_frame_of(traceback, code):
    """The same without the entry that runs `code`: the caller's stands for it."""
    entry = from_frame_of(traceback, code)
    return entry.tb_next if entry is not None and entry.tb_frame.f_code is code else entry


def without_frame_of(traceback, code):
    """`traceback` without its first entry, the caller's, and without the next one if that runs `code`."""
    entry = traceback.tb_next
    return entry.tb_next if entry is not None and entry.tb_frame.f_code is code else entry


def line_of_call(stock, name):
    """The line where the function `stock` looks up the method `name`; the first line if there is none.

    The interpreter's own compiler shows what such an instruction looks like: the first in which two functions differ.
    """
    code = stock.__code__
    if name not in code.co_names:
        return code.co_firstlineno
    plain, calling = (lambda thing: thing).__code__.co_code, (lambda thing: thing.method()).__code__.co_code
    place = next(at for at in range(0, len(plain), 2) if plain[at : at + 2] != calling[at : at + 2])
    load, argument = calling[place : place + 2]
    wanted = bytes((load, code.co_names.index(name) << (argument & 1) | argument))
    instructions = code.co_code
    at = instructions.find(wanted)
    while at % 2 and at > 0:
        at = instructions.find(wanted, at + 1)
    return next((line for start, end, line in code.co_lines() if start <= at < end), code.co_firstlineno)


def _one_line(size):
    """A line table that has `size` bytes of instructions on the first line, without columns (Objects/locations.md)."""
    units = size // 2
    whole = bytes((0x80 | 13 << 3 | 7, 0)) * (units // 8)  # an entry stands for up to 8 code units
    return whole + bytes((0x80 | 13 << 3 | units % 8 - 1, 0)) if units % 8 else whole

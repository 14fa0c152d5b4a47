"""Copied into the site-packages of the test environments, and imported there by a .pth file.

Activates fastimport before the program starts, and when it ends writes what the program has imported. Uses nothing but
what a bare interpreter has loaded, so that the program's own imports are the first of their kind.
"""

import atexit
import os
import sys

import fastimport

MODULE_FIELDS = ("__name__", "__file__", "__package__", "__cached__", "__doc__")
SPEC_FIELDS = ("name", "origin", "cached", "parent", "has_location", "loader_state", "_set_fileattr", "_initializing")


def is_class(thing):
    # Not isinstance: it asks for `__class__`, which makes a lazy module load.
    return issubclass(type(thing), type)


def type_name(thing):
    return "class " + thing.__qualname__ if is_class(thing) else type(thing).__qualname__


def plain(value):
    """Keep what can be compared as text; of anything else, the type."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return f"<{type_name(value)}>"


def search_path(value):
    if value is None or isinstance(value, str):
        return value
    return [type_name(value), [plain(item) for item in value]]


def describe_loader(loader):
    state = {} if is_class(loader) else getattr(loader, "__dict__", {})
    return [type_name(loader), {name: plain(value) for name, value in state.items()}]


def describe_spec(spec):
    if spec is None:
        return None
    if not hasattr(spec, "__dict__"):
        return type_name(spec)
    # Before anything is asked: `cached` is computed when it is first read.
    found = {"type": type_name(spec), "fields": sorted(vars(spec)), "_cached": plain(vars(spec).get("_cached"))}
    found |= {name: plain(getattr(spec, name, "absent")) for name in SPEC_FIELDS}
    found["loader"] = describe_loader(spec.loader)
    found["path"] = search_path(spec.submodule_search_locations)
    return found


def describe_module(module):
    try:
        # Not getattr: a module that is loaded lazily must stay unloaded.
        namespace = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {"type": type_name(module)}
    found = {"type": type_name(module), "names": sorted(map(str, namespace))}
    found |= {name: plain(namespace.get(name, "absent")) for name in MODULE_FIELDS}
    found["path"] = search_path(namespace.get("__path__", "absent"))
    found["loader"] = describe_loader(namespace.get("__loader__", "absent"))
    found["spec"] = describe_spec(namespace.get("__spec__"))
    return found


def is_ours(name):
    # The last two come with any module that Cython has compiled.
    return name == "fastimport" or name.startswith(("fastimport.", "_cython_")) or name == "cython_runtime"


def importers():
    (own,) = fastimport.__path__  # and the rooms below it
    ours = {key for key in sys.path_importer_cache if str(key) == own or str(key).startswith(own + os.sep)}
    return {str(key): type_name(finder) for key, finder in sys.path_importer_cache.items() if key not in ours}


def describe_process():
    modules = {name: module for name, module in list(sys.modules.items()) if not is_ours(str(name))}
    return {
        "path": [item if isinstance(item, str) else repr(item) for item in sys.path],
        "argv": sys.argv,
        "meta_path": [getattr(finder, "__name__", type_name(finder)) for finder in sys.meta_path],
        "path_hooks": [getattr(hook, "__qualname__", type_name(hook)) for hook in sys.path_hooks],
        "importers": importers(),
        "order": list(modules),
        "modules": {name: describe_module(module) for name, module in modules.items()},
    }


def count_hits(finders):
    """Asks for a module that is not loaded yet, so the program's finders give way to those that it was started with."""
    for name, value in finders.items():
        setattr(sys, name, value)
    return fastimport.stats().hits


def write_dump(target, installed, finders):
    found = describe_process()
    found["fastimport"] = {"installed": installed, "hits": count_hits(finders) if installed else 0}
    with open(target, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(repr(found))


def start():
    mode = os.environ.pop("SYSTEMS_MODE", "stock")
    if sys.flags.dev_mode:
        # 3.11 looks up the codec of every string that an extension module decodes then, Cython's among them.
        import encodings.ascii  # noqa: F401
    if mode != "stock":
        register, freshness = mode.split()
        fastimport.install(register=register, freshness=freshness)
    # Which of our own modules are loaded is ours to decide: the finder of their directory is no difference.
    for place in fastimport.__path__:
        sys.path_importer_cache.pop(place, None)
    # Taken away, so that child processes of the program do not overwrite what their parent writes.
    if target := os.environ.pop("SYSTEMS_DUMP", None):
        finders = {"path": sys.path[:], "meta_path": sys.meta_path[:], "path_hooks": sys.path_hooks[:]}
        finders["path_importer_cache"] = {}
        atexit.register(write_dump, target, mode != "stock" and fastimport.installed(), finders)


start()

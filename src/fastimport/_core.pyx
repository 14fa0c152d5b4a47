"""The library that all compiled modules are in, each under its own dotted name: one file to find, open and map.

Beside the source of each module there is a file of the same name in Python. It calls `load` for whoever imports the module first.
The few modules in Python that every installation needs are in it, too, as bytecode: `bring_in` takes them from here.
"""

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import _imp
import sys

cdef extern from "Python.h":
    object PyModule_NewObject(object name)
    object PyEval_EvalCode(object code, object globals, object locals)

cdef extern from "marshal.h":
    object PyMarshal_ReadObjectFromString(const char *data, Py_ssize_t size)

cdef extern from "_own_modules.h":
    ctypedef struct fi_own_module:
        const char *name
        const char *file
        bint is_package
        long long source_size
    const fi_own_module fi_own_modules[]
    const unsigned char fi_own_codes[]
    const long long fi_own_codes_size
    const unsigned char fi_own_magic[4]

cdef extern from *:
    """
    #define PyInit__core fi_init_core   /* _life.c has that one */
    """
    const unsigned long CYTHON_HEX_VERSION

cdef dict BUILTINS = bootstrap.__builtins__     # which is what exec gives to new modules
cdef bint SETS_CACHED = sys.version_info < (3, 15)

cdef enum:
    INSTALLING = 10     # seconds from the first to the last file of an installation


def cython_version():
    """The release of the Cython that compiled this, as text."""
    return f"{CYTHON_HEX_VERSION >> 24}.{CYTHON_HEX_VERSION >> 16 & 255}.{CYTHON_HEX_VERSION >> 8 & 255}"


def load(str name not None):
    """Load a compiled module from this library, put it into ``sys.modules`` under its full name, and return it.

    It has the spec that it would have if the library were called after it. Raises `ImportError` as importlib does for an
    extension.
    """
    spec = bootstrap.ModuleSpec(name, external.ExtensionFileLoader(name, __file__), origin=__file__)
    spec._set_fileattr = True
    with bootstrap._ModuleLockManager(name):
        return _execute(_imp.create_dynamic(spec), spec, None)


def provide(str name not None):
    """The module of that name, loaded from this library unless somebody has done so: the file beside its source is not read."""
    module = sys.modules.get(name)
    if module is None:
        module = load(name)
        parent, _, tail = name.rpartition(".")
        setattr(sys.modules[parent], tail, module)
    return module


def bring_in(package not None, standing):
    """Load the modules that an installation needs from this library, if that is what importlib would load from their files.

    `standing`: the module ``stand_in`` or the copy of it whose class stands for importlib's on ``sys.meta_path``, or None. A
    module whose source was changed, or that others' finders or hooks claim, ends it: importlib does the rest when it is
    imported. A change counts if it shows in the size of the file, or if it was made later than the library.
    """
    cdef const fi_own_module *own = fi_own_modules
    if not _is_plain(package):
        return
    cdef tuple codes = PyMarshal_ReadObjectFromString(<const char *>fi_own_codes, <Py_ssize_t>fi_own_codes_size)
    directory = package.__path__[0] + external.path_sep
    latest = external._path_stat(__file__).st_mtime + INSTALLING
    path_finder = standing and standing.PathFinder
    if standing is not None:
        own += 1  # that is the first
    while own.name != NULL:
        name = f"{package.__name__}.{own.name.decode()}"
        file = directory + own.file.decode().replace("/", external.path_sep)
        parent, _, tail = name.rpartition(".")
        with bootstrap._ModuleLockManager(name):
            if name not in sys.modules:
                if _is_changed(file, own.source_size, latest) or _is_claimed(name, sys.modules[parent].__path__, path_finder):
                    return
                setattr(sys.modules[parent], tail, _load_own(own, name, file, codes[own - fi_own_modules]))
        own += 1


cdef _load_own(const fi_own_module *own, str name, str file, code):
    _imp._fix_co_filename(code, file)
    spec = bootstrap.ModuleSpec(name, external.SourceFileLoader(name, file), origin=file)
    spec._set_fileattr = True
    if own.is_package:
        spec.submodule_search_locations = [external._path_split(file)[0]]
    return _execute(PyModule_NewObject(name), spec, code)


cdef _execute(module, spec, code):
    """What importlib does with a new module, whose lock is held: ``_init_module_attrs`` and ``_load_unlocked``."""
    cdef dict attributes = module.__dict__
    locations = spec.submodule_search_locations
    wanted = [("__loader__", spec.loader), ("__package__", spec.name if locations is not None else spec.name.rpartition(".")[0])]
    if locations is not None:
        wanted.append(("__path__", locations))
    wanted.append(("__file__", spec.origin))
    if SETS_CACHED and code is not None:
        wanted.append(("__cached__", spec.cached))
    attributes["__spec__"] = spec
    for name, value in wanted:
        if value is not None and attributes.get(name) is None:
            attributes[name] = value
    spec._initializing = True
    try:
        sys.modules[spec.name] = module
        try:
            if code is None:
                _imp.exec_dynamic(module)
            else:
                sys.audit("exec", code)
                attributes["__builtins__"] = BUILTINS
                PyEval_EvalCode(code, attributes, attributes)
        except BaseException:
            sys.modules.pop(spec.name, None)
            raise
        return sys.modules[spec.name]
    finally:
        spec._initializing = False


cdef bint _is_plain(package) except -1:
    """Whether bytecode of this library is what importlib would make of the package's files, whoever looks at it meanwhile."""
    directory = package.__path__[0]
    flags, finder, loader = sys.flags, sys.path_importer_cache.get(directory), external.SourceFileLoader
    if flags.optimize or flags.verbose or external.MAGIC_NUMBER != (<const char *>fi_own_magic)[:4]:
        return False
    if type(finder) is not external.FileFinder:
        return False
    if external._path_split(__file__)[0] != directory or (".py", loader) not in finder._loaders:
        return False
    stock = external.spec_from_file_location.__code__.co_filename
    for name in ("get_code", "exec_module", "create_module", "get_data", "path_stats", "source_to_code"):
        if getattr(getattr(getattr(loader, name), "__code__", None), "co_filename", None) != stock:
            return False
    return True


cdef bint _is_changed(str file, long long size, latest) except -1:
    try:
        found = external._path_stat(file)
    except OSError:
        return True
    return found.st_size != size or found.st_mtime > latest


cdef bint _is_claimed(str name, path, path_finder) except -1:
    """Whether a finder that stands before importlib's would find the module; or importlib's is not there."""
    for finder in sys.meta_path:
        if finder is path_finder or finder is external.PathFinder:
            return False
        if finder is not bootstrap.BuiltinImporter and finder is not bootstrap.FrozenImporter:
            find_spec = getattr(finder, "find_spec", None)
            if find_spec is not None and find_spec(name, path, None) is not None:
                return True
    return True

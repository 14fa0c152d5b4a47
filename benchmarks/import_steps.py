"""One process of profile_import.py: does one step of the imports of an application, as often as told, and ends at once.

    python import_steps.py SIDE STEP MODE RECORDING

MODE is ``record`` (import the application with importlib and write down what it asked for), ``prepare`` (get ready, then stop),
``count`` (get ready, then do the step), ``collect`` (the same with the garbage collector on), ``exit`` (then end as programs do)
or ``check`` (do the step and print what came out of it, so that sides can be compared).
Only modules that the interpreter has loaded already are imported here: others would be missing from the application's own.
"""

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import gc
import marshal
import os
import sys

StockPathFinder = external.PathFinder
SOURCE, EXTENSION, OTHER = "source", "extension", "other"
KINDS = {"SourceFileLoader": SOURCE, "ReadyLoader": SOURCE, "ExtensionFileLoader": EXTENSION}


def finder_in_charge():
    """The class that stands on ``sys.meta_path`` where importlib's PathFinder is, or was."""
    return next(finder for finder in sys.meta_path if getattr(finder, "__name__", "") == "PathFinder")


def put_in_charge(finder):
    sys.meta_path[sys.meta_path.index(finder_in_charge())] = finder


# What the application asked for ########################################################################################


class Recorder:
    """Stands where PathFinder is and writes down each question and its answer."""

    __name__ = "PathFinder"
    invalidate_caches = staticmethod(StockPathFinder.invalidate_caches)

    def __init__(self):
        self.questions = []

    def find_spec(self, name, path=None, target=None):
        spec = StockPathFinder.find_spec(name, path, target)
        self.questions.append((name, None if path is None else list(path), *describe(spec)))
        return spec


def describe(spec):
    """``(kind, origin, search locations)`` of a spec, or Nones."""
    if spec is None:
        return None, None, None
    locations = spec.submodule_search_locations
    return KINDS.get(type(spec.loader).__name__, OTHER), spec.origin, None if locations is None else list(locations)


def record(code):
    """Run the application; return the questions and the names of the modules that were made, in order."""
    recorder, made = Recorder(), []
    module_from_spec = bootstrap.module_from_spec

    def noting(spec):
        made.append(spec.name)
        return module_from_spec(spec)

    put_in_charge(recorder)
    bootstrap.module_from_spec = noting
    exec(code, {"__name__": "__main__"})
    return {"questions": recorder.questions, "made": made}


class Recording:
    """What `record` returned, by kind."""

    def __init__(self, questions, made):
        self.questions = questions
        answers = {name: (kind, origin) for name, _, kind, origin, _ in questions}
        self.sources = [(name, answers[name][1]) for name in made if answers.get(name, OTHER)[0] == SOURCE]


# The floor: specs and code objects handed over ready ###################################################################


class ReadyLoader(external.SourceFileLoader):
    """Has the code object already."""

    codes = {}

    def get_code(self, fullname):
        return self.codes[fullname]


class ReadyFinder:
    """Has the specs already; a name that was not asked for in the recording is a KeyError, and ends the run."""

    __name__ = "PathFinder"
    invalidate_caches = staticmethod(StockPathFinder.invalidate_caches)

    def __init__(self, recording, empty):
        self.specs = {}
        for name, path, kind, *_ in recording.questions:
            spec = StockPathFinder.find_spec(name, path)
            if kind == SOURCE:
                ReadyLoader.codes[name] = compile("", "", "exec") if empty else spec.loader.get_code(name)
                spec.loader.__class__ = ReadyLoader
            if spec is not None:
                _ = spec.cached  # computed at its first use
            self.specs[name] = spec or self.specs.get(name)
        sys.path_importer_cache.clear()

    def find_spec(self, name, path=None, target=None):
        return self.specs[name]


def take_side(side, recording):
    if side == "floor":
        put_in_charge(ReadyFinder(recording, empty=False))
    elif side != "stock":
        import fastimport

        fastimport.install(freshness=side, collector="deferred", snapshot=recording.snapshot if side == "frozen" else None)
        assert fastimport.installed()


# Steps: each gives a function and its arguments, one tuple per call ####################################################


def find(recording):
    """What PathFinder is asked, in order: from listing directories to the finished spec.

    A package's path is the list that was in its spec, as in an application: what is kept for a path is known by identity.
    """
    find_spec, places = finder_in_charge().find_spec, {}
    recorded = {name: locations for name, *_, locations in recording.questions}

    def ask(name, path, parent):
        spec = find_spec(name, path if parent is None else places[parent])
        places[name] = spec and spec.submodule_search_locations
        return spec

    def parent_of(name, path):
        parent = name.rpartition(".")[0]
        return parent if path is not None and path == recorded.get(parent) else None

    return ask, [(name, path, parent_of(name, path)) for name, path, *_ in recording.questions]


def specs_of(recording):
    return [finder_in_charge().find_spec(name, path) for name, path, kind, *_ in recording.questions if kind == SOURCE]


def build_spec(recording):
    """A loader and a spec for each file that was found, as FileFinder._get_spec makes them."""
    classes = {SOURCE: external.SourceFileLoader, EXTENSION: external.ExtensionFileLoader}

    def build(loader_class, name, origin, places):
        loader = loader_class(name, origin)
        return external.spec_from_file_location(name, origin, loader=loader, submodule_search_locations=places)

    found = [question for question in recording.questions if question[2] in classes]
    return build, [(classes[kind], name, origin, places) for name, _, kind, origin, places in found]


def get_code(recording):
    """From a spec's loader to the code object."""
    return lambda loader, name: loader.get_code(name), [(spec.loader, spec.name) for spec in specs_of(recording)]


def stat(recording):
    return external.SourceFileLoader.path_stats, [(spec.loader, spec.origin) for spec in specs_of(recording)]


def cached_path(recording):
    return external.cache_from_source, [(origin,) for _, origin in recording.sources]


def read(recording):
    return external.SourceFileLoader.get_data, [(spec.loader, spec.cached) for spec in specs_of(recording)]


def unmarshal(recording):
    return marshal.loads, [(memoryview(spec.loader.get_data(spec.cached))[16:],) for spec in specs_of(recording)]


def validate(recording):
    """Whether the bytecode is the source's, with what it takes to call it that."""

    def is_valid(data, name, origin, mtime, size):
        details = {"name": name, "path": origin}
        external._classify_pyc(data, name, details)
        external._validate_timestamp_pyc(data, mtime, size, name, details)

    work = []
    for spec in specs_of(recording):
        stats = spec.loader.path_stats(spec.origin)
        work.append((spec.loader.get_data(spec.cached), spec.name, spec.origin, int(stats["mtime"]), stats["size"]))
    return is_valid, work


def make_modules(recording):
    """A module with its attributes; not those whose creation runs code of their own (extension modules)."""
    return bootstrap.module_from_spec, [(spec,) for spec in specs_of(recording)]


def import_empty(recording):
    """All that surrounds finder and loader, for source modules that do nothing: locks, sys.modules, attributes."""
    put_in_charge(ReadyFinder(recording, empty=True))
    importer = bootstrap._gcd_import
    return lambda name: bootstrap._find_and_load(name, importer), [(name,) for name, _ in recording.sources]


def import_application(recording):
    """The application itself, its code compiled before."""
    code = compile(recording.code, "<string>", "exec")
    return exec, [(code, {"__name__": "__main__"})]


STEPS = (find, build_spec, get_code, cached_path, stat, read, validate, unmarshal, make_modules, import_empty, import_application)


def outcome(step, results):
    """What must not differ between the sides."""
    if step is import_application:
        return sorted((name, getattr(module, "__file__", None)) for name, module in sys.modules.items() if not is_tool(name))
    if step is find:
        return [describe(spec) for spec in results]
    if step in (get_code, unmarshal):
        return [hash(marshal.dumps(code)) for code in results]
    if step is make_modules:
        return [sorted(key for key in vars(module) if key != "__loader__") for module in results]
    return len(results)


def is_tool(name):
    return name.startswith(("__main__", "fastimport", "cython_runtime", "_cython_"))


def main(side, step_name, mode, recording_file):
    with open(recording_file, "rb") as file:
        recorded = marshal.load(file)
    if mode == "record":
        recorded.update(record(compile(recorded["code"], "<string>", "exec")))
        with open(recording_file, "wb") as file:
            marshal.dump(recorded, file)
        return
    step = next(step for step in STEPS if step.__name__ == step_name)
    recording = Recording(recorded["questions"], recorded["made"])
    recording.code, recording.snapshot = recorded["code"], recorded.get("snapshot")
    take_side(side, recording)
    operation, work = step(recording)
    gc.collect()
    gc.freeze()
    if mode not in ("collect", "exit"):
        gc.disable()
    results = [operation(*arguments) for arguments in work] if mode != "prepare" else []
    if mode == "check":
        print(outcome(step, results), flush=True)
        # Not before: what it imports, an application would not have to import any more.
        assert side != "frozen" or sys.modules["fastimport"].stats().unmarshalled is None, "no ready-made code"
    if mode != "exit":
        os._exit(0)  # taking down a process that has imported more takes longer


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The code that the fresh interpreters of `peer_sides` run."""

CHILD = """
import os, sys
sys.path.append({site!r})
{before}
from time import perf_counter, process_time
before = set(sys.modules)
started, cpu_started = perf_counter(), process_time()
{setup}
{imports}
seconds, cpu_seconds = perf_counter() - started, process_time() - cpu_started
loaded = dict(sys.modules)
import json
found = {{}}
for name, module in loaded.items():
    if name not in before:
        spec = object.__getattribute__(module, "__dict__").get("__spec__")
        locations = getattr(spec, "submodule_search_locations", None)
        found[name] = getattr(spec, "origin", None), locations and list(locations)
print(json.dumps([seconds, cpu_seconds, found]))
"""

LAZY = """
import importlib.machinery, importlib.util
class LazyFinder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = LazyFinder
"""

# `modules` maps names to (file, search locations) in the order of import; the code objects are unmarshalled, not run.
READY = """
import _frozen_importlib_external as external
class ReadyLoader:
    create_module = staticmethod(lambda spec: None)
    exec_module = staticmethod(lambda module: exec(codes[module.__spec__.name], module.__dict__))
class ReadyFinder:
    find_spec = staticmethod(lambda name, path=None, target=None: specs.get(name))
modules, specs, codes = {modules!r}, {{}}, {{}}
for name, (origin, locations) in modules.items():
    spec = specs[name] = external.spec_from_file_location(name, origin, submodule_search_locations=locations)
    codes[name] = spec.loader.get_code(name)
    spec.cached
    spec.loader = ReadyLoader
"""

OFF = "import gc; gc.disable(); "

# What was prepared is no work for the garbage collector in the span that is measured.
FREEZE = "\nimport gc; gc.collect(); gc.freeze()\n"

EXECUTED = """
ready = []
for name in modules:
    own = vars(sys.modules[name])
    ready.append((codes[name], {key: own[key] for key in own if key in
                  ("__name__", "__package__", "__spec__", "__path__", "__file__", "__loader__", "__builtins__")}))
"""

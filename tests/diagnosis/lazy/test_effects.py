"""The detector: what a module's execution changes outside itself is seen, for each kind, and what does not matter isn't.

One run of a program that imports a module for each kind.
"""

import os
import sys

import pytest
from support.trees import plant

from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.lazy.knowledge import Knowledge
from fastimport.diagnosis.lazy.runs import Runner

# What the modules change.
TARGETS = {
    "target.py": """\
import functools
VALUE, SWITCH = None, "off"
REGISTRY, NAMES, ORDER = {}, set(), []
class Base: pass
class Registering:
    known = []
    def __init_subclass__(cls): Registering.known.append(cls)
class Keeper:
    def __init__(self): self.handlers = []
KEEPER = Keeper()
@functools.singledispatch
def show(value): pass
""",
    "using.py": "def use(): return b''.decode(errors='has_own_codec_error_used.replace')\n",
    "third.py": "class Third: pass\n",
    "listing.py": "class Listed:\n @classmethod\n def known(cls): return cls.__subclasses__()\n",
}
SIX = """\
import sys
class _SixMetaPathImporter:
    known_modules = {{}}
    def find_spec(self, name, path=None, target=None): pass
importer = _SixMetaPathImporter()
importer.known_modules = {{"{name}": None}}
sys.meta_path.append(importer)
"""
# Kind -> the module that has it, and what is said of it.
EFFECTS = {
    "attribute": ("import target; target.VALUE = len", "replaces target.VALUE"),
    "new_attribute": ("import target; target.OTHER = 'x'", "sets target.OTHER"),
    "class_attribute": ("import target; target.Base.method = len", "sets target.Base.method"),
    "dictionary": ("import target; target.REGISTRY['x'] = 1", "adds to target.REGISTRY: 'x'"),
    "set": ("import target; target.NAMES.add('x')", "adds to target.NAMES: 'x'"),
    "list": ("import target; target.ORDER.append('x')", "adds to target.ORDER: 'x'"),
    "object": ("import target; target.KEEPER.handlers.append(len)", "adds to target.KEEPER.handlers: len"),
    "init_subclass": ("import target\nclass A(target.Registering): pass", "adds to target.Registering.known: A"),
    "subclasses": ("import listing\nclass A(listing.Listed): pass", "has a subclass of listing.Listed, whose subclasses"),
    "singledispatch": (
        "import target, third\n@target.show.register\ndef show(value: third.Third): pass",
        "adds to target.show: Third",
    ),
    "abc_registration": (
        "import collections.abc, third; collections.abc.Sequence.register(third.Third)",
        "registers third.Third as a collections.abc.Sequence",
    ),
    "copyreg": ("import copyreg, third; copyreg.pickle(third.Third, repr)", "adds to copyreg.dispatch_table: Third"),
    "modules": ("import sys; sys.modules['elsewhere'] = sys", "adds to sys.modules: 'elsewhere'"),
    "meta_path": ("import sys\nclass F:\n def find_spec(*a): pass\nsys.meta_path.append(F)", "adds to sys.meta_path: F"),
    "path_hooks": ("import sys\ndef hook(entry): raise ImportError\nsys.path_hooks.append(hook)", "adds to sys.path_hooks: hook"),
    "path": ("import sys; sys.path.append('/elsewhere')", "adds to sys.path: '/elsewhere'"),
    "codec": ("import codecs; codecs.register(lambda name: None)", "registers a search function for codecs"),
    "codec_errors": ("import codecs; codecs.register_error('x', len)", "registers an error handler for codecs"),
    "atexit": ("import atexit; atexit.register(int)", "registers a function with atexit"),
    "signal": ("import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)", "changes the handler of signal"),
    "logging": ("import logging; logging.getLogger().setLevel(40)", "changes the root logger"),
    "logging_handler": ("import logging; logging.basicConfig()", "changes the root logger"),
    "warnings": ("import warnings; warnings.simplefilter('ignore', BytesWarning)", "warnings.filters"),
    "environment": ("import os; os.environ['ELSEWHERE'] = '1'", "changes the environment: ELSEWHERE"),
    "thread": ("import threading; threading.Thread(target=int).start()", "starts a thread"),
    "process": ("import subprocess, sys; subprocess.run([sys.executable, '-c', ''])", "starts a program"),
    "file": ("import os; open(os.devnull, 'w').close()", "opens /dev/null for writing"),
    "directory": ("import os; os.chdir('.')", "changes the working directory"),
    "hook": ("import sys\ndef hook(*a): pass\nsys.excepthook = hook", "replaces sys.excepthook"),
    "builtins": ("import builtins; builtins._ = str", "sets builtins._"),
    "recursion": ("import sys; sys.setrecursionlimit(1234)", "changes the recursion limit"),
    "collector": ("import gc; gc.set_threshold(1234)", "changes the thresholds of the garbage collector"),
    "locale": ("import locale; locale.setlocale(locale.LC_ALL, 'C')", "changes the locale"),
    "readline": ("import readline", "takes over how input() reads a line"),
    "importer": (f"{SIX.format(name='x.moves')}", "adds to sys.meta_path: a _SixMetaPathImporter"),
    "other_importer": (SIX.format(name="has_other_importer.moves").replace("_Six", "_My"), "adds to sys.meta_path: a _My"),
    "socket": ("import socket; KEPT = socket.socket(); KEPT.bind(('127.0.0.1', 0))", "uses the network"),
    "own_codec_error_used": (
        "import codecs; codecs.register_error('has_own_codec_error_used.replace', len)",
        "registers an error handler for codecs: has_own_codec_error_used.replace",
    ),
    "not_put_back": ("import target\ntarget.SWITCH = 'x'\ntarget.SWITCH = 'y'", "replaces target.SWITCH"),
    "executed_meanwhile": ("x = 1", "is executed while no_putting_back replaces target.SWITCH"),
    "trace": ("import sys; sys.settrace(None)", "sets a trace function"),
}
HARMLESS = {
    "importer": SIX.format(name="no_importer.moves"),
    "socket": "import socket\nwith socket.socket() as tried: tried.bind(('127.0.0.1', 0))",
    "finalizer": "import weakref\nclass A: pass\nKEPT = A()\nweakref.finalize(KEPT, int)",
    "own_codec_error": "import codecs; codecs.register_error('no_own_codec_error.replace', len)",
    "putting_back": "import target\nX, target.SWITCH = target.SWITCH, 'on'\nimport has_executed_meanwhile\ntarget.SWITCH = X",
    "own": "X = {}\nX['a'] = 1\nclass A: pass\nA.b = 1",
    "own_class_as_key": "import target\nclass A: pass\ntarget.REGISTRY[A] = 1",
    "own_class_registered": "import collections.abc\nclass A: pass\ncollections.abc.Sequence.register(A)",
    "own_abc": "import abc\nclass A(abc.ABC): pass\nA.register(int)",
    "own_class_pickled": "import copyreg\nclass A: pass\ncopyreg.pickle(A, repr)",
    "own_warning": "import warnings\nclass A(UserWarning): pass\nwarnings.simplefilter('ignore', A)",
    "own_class_dispatched": "import target\nclass A: pass\n@target.show.register\ndef show(value: A): pass",
    "cache": "import re; re.compile('an expression that nobody else has')",
    "logger": "import logging; logging.getLogger('x.y.z').debug('x')",
    "subclass": "import target\nclass A(target.Base): pass",
    "reading": "import os; open(os.__file__).close()",
    "library": "import decimal, multiprocessing.util, xml.dom.minidom, sqlite3.dbapi2",
    "submodules": "import concurrent.futures, importlib.resources",
}
ABSENT = {"readline": "readline"}


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """What an `Observer` says of a program that imports them all."""
    modules = {f"has_{kind}.py": code for kind, (code, _) in EFFECTS.items()}
    modules |= {f"no_{kind}.py": code for kind, code in HARMLESS.items()}
    names = ["target", "third", "using", *(name.removesuffix(".py") for name in sorted(modules, reverse=True))]
    lines = [f"try: import {name}\nexcept ImportError: pass" for name in names]
    tree = plant(tmp_path_factory.mktemp("effects"), {**TARGETS, **modules, "main.py": "\n".join([*lines, "print('done')"])})
    outcome = Runner(Program("script", os.path.join(tree, "main.py")), "fastimport.cli.learning").run(observe=True)
    assert (outcome.status, outcome.stdout) == (0, b"done\n"), outcome.stderr.decode()
    return outcome.report


@pytest.mark.parametrize("kind", EFFECTS)
def test_each_kind_of_effect_is_seen(kind, observed):
    """By name, and attributed to the module that had it."""
    if kind in ABSENT and ABSENT[kind] not in [name for name, _, _ in observed["modules"]]:
        pytest.skip(f"this Python has no {ABSENT[kind]}")
    by = "readline" if kind == "readline" else f"has_{kind}"
    assert any(EFFECTS[kind][1] in text for text in observed["effects"].get(by, ())), observed["effects"].get(by)


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_nobody_could_tell_is_no_effect(kind, observed):
    assert f"no_{kind}" in [name for name, _, _ in observed["modules"]]
    assert observed["effects"].get(f"no_{kind}") is None


def test_the_library_is_left_alone(observed):
    """Its modules change each other, which is its own affair."""
    library = {name for name in observed["effects"] if name.partition(".")[0] in sys.stdlib_module_names}
    assert library <= {"readline"}


def test_each_module_is_known_with_that_within_which_it_ran(observed):
    within = {name: within for name, within, _ in observed["modules"]}
    assert within["has_attribute"] == "__main__" and within["target"] == "__main__"
    assert within["concurrent.futures"] == "no_submodules"
    files = {name: file for name, _, file in observed["modules"]}
    assert os.path.basename(files["target"]) == "target.py"


def test_a_change_is_charged_to_whoever_made_it_and_not_to_its_importer(tmp_path):
    tree = plant(
        tmp_path,
        {
            "target.py": "X = []",
            "outer.py": "import target, inner\ntarget.Y = len",
            "inner.py": "import target\ntarget.X.append('inner')",
            "main.py": "import outer, target\ntarget.Z = 1\nimport json",
        },
    )
    report = Runner(Program("script", os.path.join(tree, "main.py")), "fastimport.cli.learning").run(observe=True).report
    assert report["effects"] == {"inner": ["adds to target.X: 'inner'"], "outer": ["sets target.Y"]}


def test_changes_inside_a_package_are_told_from_others(tmp_path):
    tree = plant(
        tmp_path,
        {
            "pkg": {
                "__init__.py": "",
                "state.py": "KNOWN = []",
                "inside.py": "from pkg.state import KNOWN\nKNOWN.append(1)",
                "both.py": "from pkg.state import KNOWN\nimport sys\nKNOWN.append(2)\nsys.path.append('/elsewhere')",
            },
            "other.py": "from pkg.state import KNOWN\nKNOWN.append(3)",
            "main.py": "import pkg.inside, pkg.both, other",
        },
    )
    report = Runner(Program("script", os.path.join(tree, "main.py")), "fastimport.cli.learning").run(observe=True).report
    changed = {by: set(places) for by, places in report["changed"].items()}
    assert changed == {"pkg.inside": {"pkg.state"}, "pkg.both": {"sys", "pkg.state"}, "other": {"pkg.state"}}
    assert Knowledge(report).trusted("packages") == ["pkg.inside"]


def test_what_is_found_by_a_class_or_a_name_is_an_effect_on_those_who_have_it(tmp_path):
    """A warning's category, the name of a codec's handler: nobody else can tell."""
    tree = plant(
        tmp_path,
        {
            "third.py": "class Third(UserWarning): pass",
            "using.py": "def use(): return b''.decode(errors='box.replace')",
            "box": {
                "__init__.py": "",
                "filters.py": "import third, warnings\nwarnings.simplefilter('ignore', third.Third)",
                "all.py": "import third, warnings\nwarnings.simplefilter('ignore', third.Third)\nwarnings.simplefilter('once')",
                "handler.py": "import codecs\ncodecs.register_error('box.replace', len)",
                "around.py": "import third\nkept, third.Third = third.Third, 1\nimport box.meanwhile\nthird.Third = kept",
                "meanwhile.py": "",
            },
            "main.py": "import using, warnings, box.filters, box.all, box.handler, box.around",
        },
    )
    report = Runner(Program("script", os.path.join(tree, "main.py")), "fastimport.cli.learning").run(observe=True).report
    changed = {by: set(places) for by, places in report["changed"].items()}
    general = changed.pop("box.all")
    assert changed == {"box.filters": {"third"}, "box.handler": {"using"}, "box.meanwhile": {"box.around"}}
    assert not general <= {"third"}


def test_proxies_are_not_asked(tmp_path):
    """An object that pretends to be another is looked at without waking it: no isinstance, no attribute of its own."""
    proxy = """\
class Proxy:
    def __getattribute__(self, name): raise RuntimeError(name)
    def __eq__(self, other): raise RuntimeError('==')
    __hash__ = None
PROXY, LIST = Proxy(), [Proxy()]
"""
    tree = plant(
        tmp_path,
        {
            "proxy.py": proxy,
            "user.py": "import proxy\nproxy.LIST.append(1)\nproxy.PROXY = proxy.Proxy()",
            "main.py": "import user",
        },
    )
    outcome = Runner(Program("script", os.path.join(tree, "main.py")), "fastimport.cli.learning").run(observe=True)
    assert outcome.status == 0, outcome.stderr.decode()
    assert outcome.report["effects"]["user"] == ["replaces proxy.PROXY", "adds to proxy.LIST: 1"]


def test_circles_of_classes_and_objects_end(tmp_path):
    circle = "class A: pass\nclass B: A = A\nA.B = B\nA.self = A()\nA.self.self = A.self\ndef f(): return A.__subclasses__()\n"
    tree = plant(tmp_path, {"circle.py": circle, "main.py": "import circle"})
    outcome = Runner(Program("script", os.path.join(tree, "main.py")), "fastimport.cli.learning").run(observe=True)
    assert (outcome.status, outcome.stderr, outcome.report["effects"]) == (0, b"", {})

"""The loader in the eyes of others: to whoever asks, it is importlib's SourceFileLoader."""

import copy
import functools
import importlib
import importlib.resources
import importlib.util
import inspect
import linecache
import os
import pickle
import pkgutil
import re
import runpy
import sys
from importlib import machinery
from unittest import mock

import pytest
from support import plant
from support.loading import both, describe_module, find, write_source
from support.oracle import STOCK
from support.process import python
from support.registration import in_turn

Stock = machinery.SourceFileLoader


@pytest.fixture
def loader(module_directory, loading_finder):
    return find(loading_finder, "m", module_directory).loader


@pytest.fixture
def stock(module_directory):
    return find(STOCK, "m", module_directory).loader


# The object ###########################################################################################################


def test_class(loading_finder, module_directory):
    """Programs look classes of loaders up in dictionaries: distlib (so pip), runpy's tests, singledispatch."""
    plant(module_directory, {"p": {"__init__.py": "", "below.py": ""}, "d.pyc": b""})
    extension = f"e{machinery.EXTENSION_SUFFIXES[0]}"
    write_source(module_directory, "", name=extension)
    os.rename(os.path.join(module_directory, f"{extension}.py"), os.path.join(module_directory, extension))
    classes = [type(find(loading_finder, name, module_directory).loader) for name in ("m", "p", "d", "e")]
    assert classes == [Stock, Stock, machinery.SourcelessFileLoader, machinery.ExtensionFileLoader]
    below = loading_finder.find_spec("p.below", [os.path.join(module_directory, "p")])
    assert type(below.loader) is Stock


def test_class_without_install(module_directory):
    """So too with the classes that work by themselves."""
    import fastimport

    for finder in (fastimport.PathFinder, fastimport.Finder([module_directory])):
        assert type(find(finder, "m", module_directory).loader) is Stock


def test_single_dispatch(loader):
    @functools.singledispatch
    def kind(value):
        return "unknown"

    kind.register(Stock, lambda value: "source")
    assert kind(loader) == {Stock: "source"}.get(type(loader)) == "source"


def test_repr(loader, stock):
    assert repr(Stock.get_code).startswith("<function SourceLoader.get_code at 0x")
    assert repr(loader.get_code).startswith("<bound method SourceLoader.get_code of <")
    strip = lambda value: re.sub("0x[0-9a-f]+", "", repr(value))  # noqa: E731
    assert strip(loader) == strip(stock)
    assert strip(type(loader)) == strip(Stock)


def test_equal_both_ways(loader, stock, loading_finder, module_directory):
    again = find(loading_finder, "m", module_directory).loader
    assert loader == stock and stock == loader and loader == again
    assert (loader != stock, stock != loader) == (False, False)
    assert hash(loader) == hash(stock) == hash(again)
    assert len({loader, stock, again}) == 1


def test_not_equal(loader, stock):
    others = [Stock("m", "/elsewhere.py"), Stock("n", stock.path), machinery.SourcelessFileLoader("m", stock.path), None, "m"]
    for other in others:
        assert loader != other and other != loader
    stock.extra = 1
    assert loader != stock and stock != loader
    assert loader.__eq__(1) == stock.__eq__(object()) is False


def test_specs_are_equal(loading_finder, module_directory):
    ours, theirs = find(loading_finder, "m", module_directory), find(STOCK, "m", module_directory)
    assert ours == theirs and theirs == ours


def test_subclass_equality_and_copies(loader):
    """A subclass of the class that a loader has behaves as one of the stock class does."""

    class Sub(type(loader)):
        pass

    one, other = Sub("m", "/m.py"), Sub("m", "/m.py")
    assert one == other and one != loader and loader != one
    assert type(copy.copy(one)) is Sub


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(loader, stock, loading_finder, module_directory, protocol):
    loader.extra = stock.extra = [1]
    copied = pickle.loads(pickle.dumps(loader, protocol))
    assert type(copied) is Stock and list(vars(copied).items()) == list(vars(stock).items())
    spec = pickle.loads(pickle.dumps(find(loading_finder, "m", module_directory), protocol))
    assert spec == find(STOCK, "m", module_directory)


def test_unpickled_without_fastimport(loading_finder, module_directory, tmp_path):
    """Elsewhere: -I -S has no fastimport, and needs none."""
    path = tmp_path / "spec.pickle"
    path.write_bytes(pickle.dumps(find(loading_finder, "m", module_directory)))
    show = "print(s.name, type(s.loader), 'fastimport' in sys.modules)"
    program = f"import pickle, sys\nwith open(sys.argv[1], 'rb') as f: s = pickle.load(f)\n{show}"
    completed = python("-I", "-S", "-X", "frozen_modules=off", "-c", program, str(path))
    assert (completed.stdout, completed.stderr) == (f"m {Stock} False\n", "")


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
def test_copies(loader, stock, make_copy):
    loader.extra = stock.extra = [1]
    copied = make_copy(loader)
    assert copied == stock and vars(copied) == vars(make_copy(stock))
    assert copied.get_code("m")


def test_public_methods_and_signatures(loader, stock):
    assert {name for name in dir(loader) if not name.startswith("_")} == {name for name in dir(stock) if not name.startswith("_")}
    for name in dir(stock):
        method = getattr(stock, name)
        if inspect.ismethod(method) and not name.startswith("__"):
            assert inspect.signature(getattr(loader, name)) == inspect.signature(method), name
            assert inspect.ismethod(getattr(loader, name)), name


def test_methods_pass_for_the_functions_that_they_stand_for(loader):
    """Debuggers, documentation and mocks look at them."""
    for name in ("get_code", "create_module"):
        method, function = getattr(Stock, name), next(vars(base)[name] for base in Stock.__mro__[1:] if name in vars(base))
        assert inspect.isfunction(method) and inspect.signature(method) == inspect.signature(function)
        for attribute in ("__code__", "__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__dict__"):
            assert getattr(method, attribute) == getattr(function, attribute)
        with mock.patch.object(Stock, name, autospec=True) as patched:
            getattr(loader, name)("m")
        patched.assert_called_once_with(loader, "m")


def test_what_comes_next_in_a_subclass_is_called(loader, module_directory):
    """As by inheritance, also where a class of somebody's has come between importlib's."""
    called = []

    class Between(machinery.SourceFileLoader.__mro__[2]):
        def get_code(self, fullname):
            called.append(fullname)
            return super().get_code(fullname)

        def create_module(self, spec):
            called.append(spec)
            return super().create_module(spec)

    class Loader(Stock, Between):
        pass

    assert Loader("m", loader.path).get_code("m") == loader.get_code("m")
    assert Loader("m", loader.path).create_module("spec") is None
    assert called == ["m", "spec"]


def test_called_with_what_is_no_such_loader(loader):
    """A function does not ask of which class its first argument is."""

    class Duck:
        name = "m"
        path = loader.path
        get_filename = lambda self, name: self.path  # noqa: E731
        get_data = Stock.get_data
        path_stats = Stock.path_stats

    assert Stock.get_code(Duck(), "m") == loader.get_code("m")
    for arguments in ((), (1, 2, 3)):
        with pytest.raises(TypeError, match="get_code"):
            Stock.get_code(*arguments)


def test_keyword_calls(loader):
    assert loader.get_code(fullname="m") == loader.get_code("m")
    assert loader.create_module(spec=None) is None


# Its users ############################################################################################################


def test_inspect_and_linecache(installed):
    import m

    linecache.clearcache()
    assert inspect.getsource(m) == m.__loader__.get_source("m")
    assert inspect.getfile(m) == inspect.getsourcefile(m) == m.__file__
    assert inspect.getsource(m.outer.__code__) == inspect.getsource(m.outer)


def test_data_and_resources(installed, module_directory):
    plant(module_directory, {"p": {"__init__.py": "", "data.txt": "text"}})
    import p

    assert pkgutil.get_data("p", "data.txt") == b"text"
    assert importlib.resources.files(p).joinpath("data.txt").read_text() == "text"
    assert [item.name for item in importlib.resources.files("p").iterdir() if item.is_file()].count("data.txt") == 1
    assert p.__loader__.get_resource_reader("p").files()


def test_runpy(installed, module_directory):
    both(module_directory, "program", "import sys\nNAME = __name__\nSPEC = __spec__\n")
    names = runpy.run_module("program", run_name="other")
    assert names["NAME"] == "other" and isinstance(names["SPEC"].loader, Stock)
    assert runpy.run_path(os.path.join(module_directory, "program.py"))["NAME"] == "<run_path>"


def test_reload(installed, module_directory):
    import m

    module = m
    write_source(module_directory, "NEW = True\n", mtime=1_600_000_500)
    assert importlib.reload(m) is module and m.NEW and m.NUMBERS
    importlib.invalidate_caches()


def test_lazy_loader(installed, module_directory):
    spec = importlib.util.find_spec("m")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert type(module).__name__ == "_LazyModule"
    assert module.NUMBERS[0] == 1


def test_spec_from_loader(loader, stock, module_directory):
    """As tools do that have a loader and want a spec."""
    ours, theirs = (importlib.util.spec_from_file_location("m", loader=each) for each in (loader, stock))
    assert ours == theirs and vars(ours).keys() == vars(theirs).keys()
    module = importlib.util.module_from_spec(ours)
    ours.loader.exec_module(module)
    assert module.NUMBERS and importlib.util.spec_from_loader("m", loader) == importlib.util.spec_from_loader("m", stock)


def test_module_attributes(loading_finder, module_directory):
    """In importlib's order; __cached__ up to 3.14."""
    modules = []
    for finder in in_turn(loading_finder):
        spec = find(finder, "m", module_directory)
        modules.append(importlib.util.module_from_spec(spec))
        spec.loader.exec_module(modules[-1])
    assert describe_module(modules[0]) == describe_module(modules[1])
    assert hasattr(modules[1], "__cached__") == (sys.version_info < (3, 15))
    assert modules[1].__spec__.cached == importlib.util.cache_from_source(modules[1].__file__)


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="3.15 has no load_module")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_load_module(loader):
    assert loader.load_module("m").NUMBERS and sys.modules.pop("m")

"""Listening to functions: they work as before, look as before in tracebacks, and are put back exactly."""

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external
import inspect
import sys
import traceback

import pytest
from support.trees import plant

import fastimport
from fastimport import activation
from fastimport.diagnosis.record.hooks import Hooks
from fastimport.diagnosis.record.tracer import Tracer


def positional_only(a, b, /, c=3):
    return a, b, c


def keyword_only(a, *, b, c=3):
    return a, b, c


def everything(a, *rest, b=2, **others):
    return a, rest, b, others


def closed(secret):
    def inner(a=1):
        return a, secret

    return inner


CALLS = [
    (positional_only, (1, 2), {"c": 4}),
    (positional_only, (1, 2), {}),
    (keyword_only, (1,), {"b": 2}),
    (everything, (1, 2, 3), {"b": 5, "z": 6}),
    (closed("s"), (), {}),
]


@pytest.fixture
def hooks():
    made = Hooks()
    yield made
    made.restore()


@pytest.mark.parametrize(("function", "arguments", "keywords"), CALLS)
def test_a_function_of_any_signature_is_heard_and_answers_as_before(hooks, function, arguments, keywords):
    code, signature = function.__code__, inspect.signature(function)
    expected = function(*arguments, **keywords)
    heard = []
    assert hooks.listen(
        function, lambda *a, **k: heard.append((a, k)), lambda token, result, error: heard.append((result, error))
    )
    assert inspect.signature(function) == signature
    assert function(*arguments, **keywords) == expected
    assert heard[1] == (expected, None)
    hooks.restore()
    assert function.__code__ is code
    assert function(*arguments, **keywords) == expected and len(heard) == 2


def test_an_exception_has_the_traceback_that_it_would_have_and_no_context(hooks):
    def fail():
        raise ValueError("why")

    def formatted():
        try:
            fail()
        except ValueError as error:
            assert error.__context__ is None
            return traceback.format_exc()

    before, seen = formatted(), []
    hooks.listen(fail, lambda: 7, lambda token, result, error: seen.append((token, result, error)))
    assert formatted() == before
    assert [(token, result, str(error)) for token, result, error in seen] == [(7, None, "why")]


@pytest.mark.parametrize(("function", "arguments", "keywords"), CALLS)
def test_a_function_of_any_signature_is_timed(hooks, function, arguments, keywords):
    expected, noted, ticks = function(*arguments, **keywords), [], iter(range(0, 100, 7))
    hooks.time(function, lambda: next(ticks), lambda *noting: noted.append(noting))
    assert function(*arguments, **keywords) == expected
    first = arguments[0] if arguments else (1 if function.__code__.co_argcount else None)
    assert noted == [(first, expected, 7)]


def test_an_exception_in_a_timed_function_is_noted_and_has_its_traceback(hooks):
    def fail(this):
        raise ValueError(this)

    def formatted():
        try:
            fail(3)
        except ValueError:
            return traceback.format_exc()

    before, noted, ticks = formatted(), [], iter(range(100))
    hooks.time(fail, lambda: next(ticks), lambda *noting: noted.append(noting))
    assert formatted() == before and noted == [(3, None, 1)]


def test_what_is_no_python_function_and_what_is_heard_already_is_declined(hooks):
    def function():
        pass

    assert not hooks.listen(len, print, print)
    assert not hooks.listen(None, print, print)
    assert hooks.listen(function, lambda: None, lambda *_: None)
    assert not hooks.listen(function, lambda: None, lambda *_: None)


def test_code_that_somebody_else_has_put_in_since_stays(hooks):
    def function():
        return 1

    def other():
        return 2

    hooks.listen(function, lambda: None, lambda *_: None)
    function.__code__ = other.__code__
    hooks.restore()
    assert function() == 2


def codes():
    """Every code object and dictionary of importlib's two modules."""
    found = {}
    for module in (bootstrap, external):
        for name, thing in vars(module).items():
            if isinstance(thing, type):
                functions = {key: getattr(value, "__func__", value) for key, value in vars(thing).items()}
            else:
                functions = {"": thing}
            for key, function in functions.items():
                if hasattr(function, "__code__"):
                    found[module.__name__, name, key] = function, function.__code__
    return found


def test_recording_leaves_importlib_as_it_was():
    before = codes()
    dictionaries = dict(vars(bootstrap)), dict(vars(external)), dict(vars(external.FileFinder))
    tracer = Tracer()
    tracer.start()
    changed = [key for key, (function, code) in codes().items() if before[key] != (function, code)]
    assert len(changed) >= 12  # otherwise nothing is being tested
    assert (dict(vars(bootstrap)), dict(vars(external)), dict(vars(external.FileFinder))) == dictionaries
    tracer.stop()
    assert codes() == before


FAULTS = {
    "absent.py": "import no_such_module",
    "child.py": "import json.no_such_module",
    "syntax.py": "x = (",
    "encoding.py": b"x = '\xff'",
    "null.py": b"x = 1\0",
    "raises.py": "def f():\n    1 / 0\nf()",
    "exits.py": "raise SystemExit(3)",
    "from_name.py": "from json import no_such_name",
    "later.py": "try:\n    import no_such_module\nexcept ImportError as error:\n    raise KeyError('x') from error",
}


class Raising:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "vetoed":
            raise RuntimeError(name)


def tracebacks(directory):
    texts = []
    for name in [*[file.removesuffix(".py") for file in FAULTS], "vetoed"]:
        try:
            __import__(name)
        except BaseException:
            texts.append(traceback.format_exc())
        sys.modules.pop(name, None)
    return texts


@pytest.mark.parametrize("register", [None, "meta_path", "in_place"])
def test_tracebacks_are_the_same_while_recording(tmp_path, register):
    sys.path.insert(0, plant(tmp_path, FAULTS))
    sys.meta_path.insert(0, Raising)
    if register:
        fastimport.install(register=register)
    try:
        plain = tracebacks(tmp_path)
        tracer = Tracer()
        tracer.start()
        try:
            recorded = tracebacks(tmp_path)
        finally:
            tracer.stop()
    finally:
        fastimport.uninstall()
    assert len(plain) == len(FAULTS) + 1
    assert recorded == plain


def test_a_warning_names_the_line_that_imports(tmp_path, recwarn):
    sys.path.insert(0, plant(tmp_path, {"warner.py": "import warnings\nwarnings.warn('here', stacklevel=2)"}))
    tracer = Tracer()
    tracer.start()
    try:
        with pytest.warns(UserWarning) as caught:
            import warner  # noqa: F401
    finally:
        tracer.stop()
    assert caught[0].filename == __file__


@pytest.mark.parametrize("register", ["meta_path", "in_place"])
def test_fastimport_stays_active_while_it_is_recorded(register):
    """Its pins on importlib's classes hold: nothing was left to importlib because of the recorder."""
    fastimport.install(register=register)
    try:
        tracer = Tracer()
        tracer.start()
        before = fastimport.stats()
        sys.modules.pop("stringprep", None)
        import stringprep  # noqa: F401

        after = fastimport.stats()
        tracer.stop()
        assert activation.installed()
        assert after.hits > before.hits and after.refusals == before.refusals
    finally:
        fastimport.uninstall()
        sys.modules.pop("stringprep", None)

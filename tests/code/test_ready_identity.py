"""Code that is made of templates is what marshal makes: field by field, in what it shares, and which strings are interned.

The comparison itself is tested first: each kind of difference has to be found.
"""

import io
import marshal
import os
import sys
import sysconfig
from types import CodeType

import pytest
from support import plant
from support.snapshots import contents_of, encoded

from fastimport.code._ready import difference, unusable
from fastimport.snapshot import decode, probe
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot._templates import TextTable
from fastimport.snapshot.codes import CodeWriter
from fastimport.snapshot.identity import build_number

LIBRARY = os.path.dirname(os.__file__)
IS_FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
IS_DEBUG = hasattr(sys, "gettotalrefcount")
HAS_SLICES = sys.version_info >= (3, 14)
"""Among constants."""

SOURCES = {
    "numbers": "X = [-1, 256, 257, -5, -6, 2**15, 2**30, -2**31, 2**31, 2**60, 10**40, -10**40, -0.0, 1e999, 3j, 1 - 1e999j]",
    "nan": "import math\nX = 1e999 * 0, (1e999 - 1e999,), {1.0: 2}",
    "strings": "X = ['', 'x', 'é', 'ÿ', 'Ā', 'name', 'two words', '\\U0001f40d', '\\ud800', 'a' * 255, 'b ' * 200, 'é' * 99]",
    "bytes": "X = [b'', b'x', b'xy', bytes(1), b'\\xff' * 300]",
    "tuples": "X = ((), (1,), ((2, 3), ('a', ('b b', None))), (...,))\nY = (1, 2) in ((1, 2), 3)",
    "sets": "def f(x): return x in {1, 'a b', 'c', (1, 2), None, b'z', 2.5} or x in {'q', 'r', 's', 't', 'u'}",
    "slices": "def f(a): return a[1:2], a[:-1], a['not a name':'name'], a[::1.5, 2:3, ...], a[1:2], a[b'x':], a[b'xy':2**70]",
    "generators": "def f(a): return (x for x in a), (y async for y in a), lambda: (a for z in a), [b for b in (c for c in a)]",
    "nested": "def f(a, b=1, /, c=2, *d, e, **g):\n def h(i):\n  nonlocal a\n  a = lambda *j: (i, j, a)\n  return a\n return h",
    "shared": "def f(): return 'not a name', 12345, b'bytes'\ndef g(): return 'not a name', 12345, b'bytes'",
    "empty": "",
    "many": "".join(f"a{i} = 'text {i}', {i + 1000}, 'n{i}'\n" for i in range(600)),
    "wide": "".join(f"a{i} = {i + 1000}\n" for i in range(70_000)),
}


@pytest.fixture(autouse=True)
def known():
    """Where code can't be made ready, there is nothing to compare: which builds these are is fixed."""
    assert (unusable(sys.hexversion) is not None) == (IS_FREE_THREADED or IS_DEBUG or sys.version_info >= (3, 16))
    if unusable(sys.hexversion) is not None:
        pytest.skip("this build unmarshals")


def prepared(data):
    reader, refused = SnapshotReader(data=data), []
    reader.prepare(sys.hexversion, build_number(), refused.append)
    assert refused == [] and reader.maker.reason is None
    return reader


def assert_same(reader):
    """Every record: the bytes come back, and the objects are the same."""
    count = 0
    for code in decode.codes(reader):
        if not code.size:
            continue
        assert code.flags & 64, f"{code.path} stays marshalled"
        expected, built = marshal.loads(reader.code_bytes(code.number)), reader.code_object(code.number)
        assert difference(expected, built) is None, code.path
        assert_same_attributes(expected, built)
        count += 1
    return count


def assert_same_attributes(expected, built):
    names = [
        name
        for name in dir(expected)
        if name.startswith("co_") and name not in ("co_consts", "co_positions", "co_lines", "co_branches", "co_lnotab")
    ]
    for name in names:
        assert getattr(expected, name) == getattr(built, name), name
    assert list(expected.co_positions()) == list(built.co_positions())
    assert list(expected.co_lines()) == list(built.co_lines())
    assert sys.getsizeof(expected) == sys.getsizeof(built)
    for mine, other in zip(expected.co_consts, built.co_consts, strict=True):
        assert type(mine) is type(other) and (
            isinstance(mine, CodeType) or repr(mine) == repr(other) or isinstance(mine, (frozenset, tuple))
        )
        if isinstance(mine, CodeType):
            assert_same_attributes(mine, other)


@pytest.fixture
def tree(root):
    return plant(root, {f"{name}_.py": source for name, source in SOURCES.items()})


def test_handwritten_modules(tree):
    assert assert_same(prepared(encoded(contents_of([tree])))) == len(SOURCES)


@pytest.mark.parametrize(
    "package", ["asyncio", "email", "encodings", "importlib", "json", "unittest", "xml", "collections", "concurrent"]
)
def test_standard_library(package):
    assert assert_same(prepared(encoded(contents_of([os.path.join(LIBRARY, package)])))) >= 1


def test_top_level_of_the_standard_library(root):
    """Without packages: links keep their contents apart."""
    for name in os.listdir(LIBRARY):
        if name.endswith(".py"):
            os.symlink(os.path.join(LIBRARY, name), os.path.join(root, name))
    assert assert_same(prepared(encoded(contents_of([root])))) > 100


def test_strings_are_made_once_for_all_modules(tree):
    reader = prepared(encoded(contents_of([tree])))
    codes = [reader.code_object(code.number) for code in decode.codes(reader) if code.size]
    names = {name: name for code in codes for name in code.co_names}
    assert all(name is names[name] is sys.intern(name) for code in codes for name in code.co_names)


def test_equal_code_gives_an_equal_file(root):
    contents = contents_of([os.path.join(LIBRARY, "json")], by_content=True)
    assert encoded(contents) == encoded(contents)


# The comparison ########################################################################################################


def loaded(source, **changes):
    code = compile(source, "x", "exec")
    return marshal.loads(marshal.dumps(code.replace(**changes) if changes else code))


@pytest.mark.parametrize(
    "changes",
    [
        {"co_name": "other"},
        {"co_filename": "other"},
        {"co_firstlineno": 7},
        {"co_stacksize": 9},
        {"co_flags": 0x40},
        {"co_qualname": "q"},
        {"co_linetable": b"\xf0\3\1\1\1"},
        {"co_exceptiontable": b"\x81\0\0\0"},
        {"co_names": ("y",)},
        {"co_consts": (2, None)},
        {"co_consts": (1.0, None)},
        {"co_consts": (1, None, 3)},
    ],
)
def test_changed_fields_are_found(changes):
    assert difference(loaded("x = 1"), loaded("x = 1", **changes)) is not None
    assert difference(loaded("x = 1"), loaded("x = 1")) is None


def consts(*values):
    return loaded("x = 1", co_consts=values)


@pytest.mark.parametrize(
    ("expected", "built", "what"),
    [
        ((-0.0,), (0.0,), "float"),
        ((0j,), (-0j,), "complex"),
        ((True,), (1,), "type"),
        (("a b",), ("a c",), "str"),
        ((b"1",), (b"2",), "bytes"),
        ((frozenset([1, 2]),), (frozenset([1, 3]),), "int"),
        (((1, (2,)),), ((1, (3,)),), "int"),
        ((10**30,), (10**30 + 1,), "int"),
        ((None,), (...,), "type"),
        (("é!",), ("€!",), "form of str"),
        ((frozenset([1]),), (frozenset([1, 2, 3, 4, 5, 6]),), "size"),
        *(
            [
                ((slice(1, 2),), (slice(3, 2),), "slice"),
                ((slice(1, 2),), (slice(1, 3),), "slice"),
                ((slice(1, 2, 3.5),), (slice(1, 2, 4.5),), "float"),
            ]
            if HAS_SLICES
            else []
        ),
    ],
)
def test_changed_constants_are_found(expected, built, what):
    found = difference(consts(*expected), consts(*built))
    assert found.startswith("co_consts: [0]") and what in found


def test_other_sharing_is_found():
    text, number = "not a name", 123456
    shared = marshal.loads(marshal.dumps(((text, number), (text, number))))
    apart = ("not " + "a name"[0:], int("123456")), ("".join(["not ", "a name"]), int("123456"))
    assert shared[0][0] is shared[1][0] and apart[0][0] is not apart[1][0]
    one, other = loaded("x = 1").replace(co_consts=shared), loaded("x = 1").replace(co_consts=apart)
    assert "shared" in difference(one, other) or "reference count" in difference(one, other)


def test_other_interning_is_found():
    """Of two equal strings only one can be interned."""
    code = loaded("x = 1")
    text = "".join(["never ", "seen ", "before"])
    interned = sys.intern("".join(["never ", "seen ", "before"]))
    assert "interned" in difference(code.replace(co_consts=(interned,)), code.replace(co_consts=(text,)))


def test_code_that_has_run_differs():
    """So both sides have to be new."""
    source = "for i in range(100):\n x = i + 1\n y = x.real"
    ran = loaded(source)
    exec(ran, {})
    if sys.version_info >= (3, 12):
        assert difference(loaded(source), ran) is not None
    assert difference(loaded(source), loaded(source)) is None


# What stays marshalled #################################################################################################


def test_what_is_not_understood_stays_marshalled():
    table = TextTable()
    for value in ([1], {1: 2}, {3}, bytearray(b"x"), StopIteration):
        assert table.encode(marshal.dumps(value)) is None
    code = compile("x = 1", "x", "exec")
    assert table.encode(marshal.dumps(code)) is not None
    assert (
        table.encode(marshal.dumps(code) + b"N") is None
        and table.encode(marshal.dumps(code)[:-1]) is None
        and table.encode(b"") is None
    )
    assert table.encode(marshal.dumps(code, 1)) is None
    assert table.encode(marshal.dumps((code,))) is None


@pytest.mark.skipif(not HAS_SLICES, reason="marshal has them from 3.14 on")
def test_slices_of_containers_stay_marshalled():
    """No compiler makes them."""
    code = compile("x = 1", "x", "exec")
    for part in ((1, 2), ("a", "b"), frozenset([1]), slice(1), code):
        for one in (slice(part), slice(1, part), slice(1, 2, part)):
            assert TextTable().encode(marshal.dumps(code.replace(co_consts=(one,)))) is None
    assert TextTable().encode(marshal.dumps(code.replace(co_consts=(slice(1, "a b", 2.5),)))) is not None


def test_strings_that_loading_would_intern_stay_marshalled():
    """What they would share afterwards depends on the process."""
    code = compile("x = 1", "x", "exec")
    text = "".join(["never_seen", "_before_this"])
    data = marshal.dumps(code.replace(co_consts=("placeholder text!!!!!!", None))).replace(
        b"placeholder text!!!!!!", text.encode()
    )
    assert text in marshal.loads(data).co_consts
    assert TextTable().encode(data) is None


def test_the_probe_has_everything():
    """All kinds of objects, and most instructions."""
    stream = io.BytesIO()
    writer = CodeWriter(stream, True)
    writer.write([])
    assert writer.probe.is_templates
    kinds, stack = set(), [marshal.loads(probe.marshalled())]
    while stack:
        item = stack.pop()
        kinds.add(type(item))
        stack += item.co_consts if isinstance(item, CodeType) else item if isinstance(item, (tuple, frozenset)) else ()
    assert slice in kinds or not HAS_SLICES
    assert kinds >= {CodeType, tuple, frozenset, bytes, str, int, float, complex, type(None), bool, type(...)}

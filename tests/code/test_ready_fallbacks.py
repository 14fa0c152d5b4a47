"""Where code can't be made ready it is unmarshalled, from bytes made of the same templates, and `stats()` says why."""

import ctypes
import marshal
import os
import sys
import sysconfig

import pytest
from support import plant
from support.audit import observing
from support.process import python
from support.snapshots import contents_of, encoded, settle

import fastimport
from fastimport.code._ready import difference, unusable
from fastimport.snapshot import decode, layout, store
from fastimport.snapshot._reader import SnapshotReader, checksum
from fastimport.snapshot.identity import build_number

IS_READY = unusable(sys.hexversion) is None
needs_ready = pytest.mark.skipif(not IS_READY, reason="this build unmarshals")
SOURCE = "def f(a, *, b='text of f'):\n    return [a, b, {'x y': 1.5}, (1, (2, b'z'))]\n"


@pytest.fixture
def library(root):
    plant(root, {"lib": {"m.py": SOURCE, "n.py": "from m import f\nX = f(1)"}})
    settle()
    return os.path.join(root, "lib")


def read(data, release=sys.hexversion, build=None):
    """A reader, its refusals and the code of its first module."""
    reader, refused = SnapshotReader(data=data), []
    reader.prepare(release, build_number() if build is None else build, refused.append)
    return reader, refused, next(code for code in decode.codes(reader) if code.size)


def assert_unmarshals(data, reason, **interpreter):
    reader, refused, code = read(data, **interpreter)
    assert reader.maker.reason == reason
    assert refused == ([] if reason == unusable(interpreter.get("release", sys.hexversion)) else [f"ready-made code: {reason}"])
    assert_is_marshals(reader, code)


def assert_is_marshals(reader, code):
    expected = marshal.loads(reader.code_bytes(code.number))
    assert reader.code_object(code.number) == expected and (
        not IS_READY or difference(expected, reader.code_object(code.number)) is None
    )


@needs_ready
def test_another_release_than_compiled_for(library):
    assert_unmarshals(encoded(contents_of([library])), "compiled for another release of Python", release=sys.hexversion + 0x100)


@needs_ready
def test_another_build_than_recorded(library):
    assert_unmarshals(
        encoded(contents_of([library])), "made by another release or build of Python, or without templates", build=1
    )


@needs_ready
def test_another_release_than_recorded(library):
    data = bytearray(encoded(contents_of([library])))
    at = layout.HEADER.size + len(layout.SECTIONS) * layout.SECTION.size
    data[at : at + 4] = (sys.hexversion ^ 0x100).to_bytes(4, "little")
    assert_unmarshals(with_good_header(data), "made by another release or build of Python, or without templates")


@needs_ready
def test_a_probe_that_differs(library):
    """One byte of its bytecode: whatever the interpreter does otherwise shows here."""
    data = bytearray(encoded(contents_of([library])))
    at = layout.HEADER.size + len(layout.SECTIONS) * layout.SECTION.size
    offset, size = layout.TEMPLATES.unpack_from(data, at)[3:5]
    from fastimport.code._ready import fold_sum

    if sys.version_info >= (3, 13):  # a counter, which is not in marshal's bytes
        place = data.index(bytes.fromhex("5555"), offset)
        data[place] ^= 1
        reason = "a probe differs: "
    else:
        data[offset + size - 40] ^= 1
        reason = None
    data[at + 32 : at + 40] = fold_sum(bytes(data[offset : offset + size])).to_bytes(8, "little")
    reader, refused, code = read(with_good_header(data))
    if reason is not None:
        assert len(refused) == 1 and refused[0].startswith(f"ready-made code: {reason}")
    assert_is_marshals(reader, code)


@needs_ready
def test_a_probe_that_is_damaged(library):
    data = bytearray(encoded(contents_of([library])))
    at = layout.HEADER.size + len(layout.SECTIONS) * layout.SECTION.size
    offset, size = layout.TEMPLATES.unpack_from(data, at)[3:5]
    data[offset + size // 2] ^= 1
    reader, refused, code = read(with_good_header(data))
    assert refused == [f"ready-made code: {'a damaged probe' if IS_READY else unusable(sys.hexversion)}"]
    assert_is_marshals(reader, code)


def count(reader, record):
    """Code objects in a module."""
    found = stack = [marshal.loads(reader.code_bytes(record.number))]
    while stack:
        inner = [item for code in stack for item in code.co_consts if isinstance(item, type(found[0]))]
        found, stack = found + inner, inner
    return len(found)


def with_good_header(data):
    data[24:32] = bytes(8)
    data[24:32] = checksum(bytes(data[: int.from_bytes(data[32:36], "little")])).to_bytes(8, "little")
    return bytes(data)


@needs_ready
@pytest.mark.skipif(sys.version_info < (3, 13), reason="3.12 tells watchers by itself, 3.11 has none")
def test_code_watchers(library):
    """Only as long as there is one."""
    import _testcapi

    reader, refused, code = read(encoded(contents_of([library])))
    watcher = _testcapi.add_code_watcher(0)
    try:
        before = _testcapi.get_code_watcher_num_created_events(watcher)
        reader.code_object(code.number)
        assert _testcapi.get_code_watcher_num_created_events(watcher) == before + count(reader, code)
        assert refused == ["ready-made code: a code watcher"]
    finally:
        _testcapi.clear_code_watcher(watcher)
    assert_is_marshals(reader, code)
    assert len(refused) == 1


@needs_ready
@pytest.mark.skipif(sys.version_info < (3, 13), reason="as above")
def test_a_code_watcher_that_was_there_before(library):
    """The probe would not be told, so nothing is made."""
    import _testcapi

    watcher = _testcapi.add_code_watcher(0)
    try:
        assert_unmarshals(encoded(contents_of([library])), "a code watcher")
    finally:
        _testcapi.clear_code_watcher(watcher)


@needs_ready
@pytest.mark.skipif(sys.version_info < (3, 13), reason="3.13 has them")
def test_tracers_of_references(library):
    """One is told of each object. Tracemalloc is one, too."""
    reader, refused, code = read(encoded(contents_of([library])))
    api = ctypes.pythonapi
    nothing = ctypes.cast(api.Py_IsInitialized, ctypes.c_void_p)  # has no arguments and changes nothing
    assert api.PyRefTracer_SetTracer(nothing, None) == 0
    try:
        reader.code_object(code.number)
    finally:
        assert api.PyRefTracer_SetTracer(None, None) == 0
    assert refused == ["ready-made code: a tracer of references"]
    assert_is_marshals(reader, code)


@needs_ready
@pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="3.13 unmarshals then")
def test_code_watchers_of_3_12(library):
    import _testcapi

    reader, refused, code = read(encoded(contents_of([library])))
    watcher = _testcapi.add_code_watcher(0)
    try:
        reader.code_object(code.number)
        assert _testcapi.get_code_watcher_num_created_events(watcher) == count(reader, code) and refused == []
    finally:
        _testcapi.clear_code_watcher(watcher)


def test_audit_hooks_get_marshals_bytes(library):
    """The event comes once for a module, with the very bytes."""
    reader, _, code = read(encoded(contents_of([library])))
    events = []
    with observing(lambda event, arguments: event.startswith("marshal.") and events.append((event, arguments))):
        reader.code_object(code.number)
    assert events == [("marshal.loads", (reader.code_bytes(code.number),))]


def test_audit_hooks_can_refuse(library):
    reader, _, code = read(encoded(contents_of([library])))

    def refuse(event, arguments):
        if event == "marshal.loads":
            raise RuntimeError("no code today")

    with observing(refuse), pytest.raises(RuntimeError, match="no code today"):
        reader.code_object(code.number)


def test_marshalled_snapshots_are_read(library):
    """Written without templates: nothing is asked of the interpreter, and there is nothing to refuse but its build."""
    import io

    from fastimport.snapshot.encode import encode

    stream = io.BytesIO()
    encode(contents_of([library]), stream, templates=False)
    reader, _, code = read(stream.getvalue())
    assert not code.flags & 64 and code.size == code.marshalled
    assert_is_marshals(reader, code)


SCRIPT = """
import sys
sys.path.insert(0, {library!r})
import fastimport
fastimport.install(freshness="frozen", snapshot={snapshot!r})
import n
counts = fastimport.stats()
from fastimport.snapshot import attachment
print(n.X, counts.snapshot_codes, attachment.attached()[0].damaged, *filter(None, [counts.unmarshalled]), sep="|")
{more}
"""


def run(library, *options, more="", **variables):
    snapshot = os.path.join(os.path.dirname(library), "s.fastimport")
    if not os.path.exists(snapshot):
        store.save(contents_of([library]), snapshot)
    done = python(*options, "-W", "error", "-c", SCRIPT.format(library=library, snapshot=snapshot, more=more), **variables)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.strip().split("|")


EXPECTED = ["[1, 'text of f', {'x y': 1.5}, (1, (2, b'z'))]", "2", "0"]


def test_plain_start(library):
    reasons = [] if IS_READY else [unusable(sys.hexversion)]
    assert run(library) == EXPECTED + reasons


@needs_ready
@pytest.mark.parametrize("way", [("-X", "no_debug_ranges"), "PYTHONNODEBUGRANGES"])
def test_no_debug_ranges(library, way):
    """Columns are dropped at loading: the probe sees it."""
    more = "from types import CodeType\nassert all(p[2] is None for p in sys.modules['m'].f.__code__.co_positions())"
    told = run(library, *way, more=more) if isinstance(way, tuple) else run(library, more=more, **{way: "1"})
    assert told[:3] == EXPECTED
    if sys.version_info[:2] == (3, 12):  # whose own constructor drops them
        assert told[3:] == []
    else:
        assert "a probe differs" in told[3] and "co_linetable" in told[3]


@needs_ready
@pytest.mark.parametrize("options", [("-X", "frozen_modules=off"), ("-X", "dev"), ("-X", "utf8"), ("-I",)])
def test_options_that_do_not_matter(library, options):
    assert run(library, *options) == EXPECTED


@needs_ready
def test_tracemalloc(library):
    reasons = ["a tracer of references"] if sys.version_info >= (3, 13) else []
    assert run(library, "-X", "tracemalloc") == EXPECTED + reasons


@needs_ready
def test_under_tracing_and_profiling(library):
    """Code that is made while somebody traces is traced."""
    more = """
seen = []
sys.settrace(lambda frame, event, arg: seen.append(frame.f_code.co_name))
import m
m.f(2)
sys.settrace(None)
assert "f" in seen
"""
    assert run(library, more=more) == EXPECTED


def test_statistics_count_the_reason(library):
    """Through install(), as a program sees it."""
    snapshot = os.path.join(os.path.dirname(library), "s.fastimport")
    store.save(contents_of([library]), snapshot)
    before = dict(fastimport.stats().refusals)
    fastimport.install(snapshot=snapshot)
    try:
        assert fastimport.stats().unmarshalled == unusable(sys.hexversion)
        assert fastimport.stats().refusals == before
    finally:
        fastimport.uninstall()


def test_which_builds_make_code():
    is_known = (
        sys.version_info < (3, 16) and not sysconfig.get_config_var("Py_GIL_DISABLED") and not hasattr(sys, "gettotalrefcount")
    )
    assert IS_READY is is_known

"""Bad input: importlib's answer, or a refusal that says what is wrong and changes nothing."""

import os
import sys
import threading

import pytest
from support import Link, audit, plant
from support.process import no_descriptors, unprivileged

ODD_NAMES = ["", ".", "..", ".m", "m.", "a..m", "\0", "m\0", "a.\0m", "\ud800", "p.\ud800", "\udcff", "m" * 10_000, "m." * 5_000]


class Name(str):
    """Not exactly str."""


@pytest.fixture
def tree(duel, root):
    plant(root, {"m.py": "", "p": {"__init__.py": ""}, "ns": {}, ".py": "", "__init__.py": ""})
    duel.set_path(root)
    return root


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: ascii(name)[:20])
def test_odd_names(duel, tree, name):
    """Empty, with empty parts, with NULs, with lone surrogates, too long for the file system."""
    duel.ask(name)
    duel.ask(name, [tree, "/nowhere", ""])


def test_empty_name_finds_a_file_called_dot_py(duel, tree):
    """As importlib does: names are not validated by finders."""
    assert duel.ask("").origin == os.path.join(tree, ".py")


@pytest.mark.parametrize("name", [None, 5, b"m", 1.5, ("m",), ["m"], object(), type], ids=repr)
def test_names_that_are_no_text(duel, tree, name):
    """The exception and the message of importlib."""
    assert duel.ask(name).outcome == "raised"


@pytest.mark.parametrize("name", [None, 5, b"m"], ids=repr)
def test_names_that_are_no_text_on_an_empty_path(duel, name):
    """Nobody looks at the name, so nobody complains."""
    assert duel.ask(name, []).outcome == "absent"


def test_subclass_of_text(duel, tree):
    """Found, and the spec has the very object."""
    assert duel.ask(Name("m")).same_name


class Counting:
    """Not text, but with the one method that importlib calls."""

    def rpartition(self, separator):
        return "", "", "m"


def test_name_that_only_quacks(duel, tree):
    """importlib asks for rpartition and no more."""
    duel.ask(Counting())


def test_unreadable_directory(duel, public_root):
    """No names in it; the entries behind it are searched."""
    plant(public_root, {"closed": {"m.py": ""}, "open": {"m.py": ""}})
    os.chmod(os.path.join(public_root, "closed"), 0)
    entries = [os.path.join(public_root, name) for name in ("closed", "open")]
    assert duel.ask("m", entries, around=unprivileged).origin == os.path.join(entries[1], "m.py")


def test_directory_below_an_unsearchable_one(duel, public_root):
    """Not even its type can be seen: no finder for it."""
    plant(public_root, {"closed": {"inner": {"m.py": ""}}})
    os.chmod(os.path.join(public_root, "closed"), 0o644)
    inner = os.path.join(public_root, "closed", "inner")
    assert duel.ask("m", [inner], around=unprivileged).cache == [(inner, "builtins.NoneType")]


def test_directory_that_vanishes_before_it_is_listed(duel, tree):
    """Between the stat and the listing: empty, with the time that was seen."""
    entry = plant(os.path.join(tree, "short"), {})

    class Vanish:
        def __enter__(self):
            self.watch = audit.observing(self.remove)
            self.watch.__enter__()

        def __exit__(self, *error):
            self.watch.__exit__(*error)
            os.makedirs(entry, exist_ok=True)
            os.utime(entry, (1, 1))

        @staticmethod
        def remove(event, arguments):
            if event == "os.listdir" and os.path.isdir(entry):
                os.rmdir(entry)

    os.utime(entry, (1, 1))
    answer = duel.ask("m", [entry], around=Vanish)
    assert answer.outcome == "absent"
    assert answer.events[:2] == [("os.listdir", repr((entry,))), ("os.rmdir", repr((entry, -1)))]


def test_file_made_while_the_directory_is_listed(duel, tree):
    """The time was taken before, so the next find lists again: nothing is missed."""
    for world in duel.worlds:
        entry = plant(os.path.join(tree, f"w{id(world)}"), {})
        os.utime(entry, (1, 1))

        def add(event, arguments, entry=entry):
            if event == "os.listdir" and not os.path.exists(os.path.join(entry, "late.py")):
                plant(entry, {"late.py": ""})

        with world.active():
            with audit.observing(add):
                world.finder.find_spec("other", [entry])
            assert world.finder.find_spec("late", [entry]).origin == os.path.join(entry, "late.py")


def test_directory_that_changes_all_the_time(duel, tree):
    """A thread adds and removes files while names are looked for: no error, and the fixed file is found."""
    entry = plant(os.path.join(tree, "busy"), {"m.py": ""})
    stop = threading.Event()

    def churn():
        while not stop.wait(0.0005):
            plant(entry, {"x.py": ""})
            os.unlink(os.path.join(entry, "x.py"))

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for world in duel.worlds:
            with world.active():
                for _ in range(300):
                    assert world.finder.find_spec("m", [entry]).origin == os.path.join(entry, "m.py")
                    world.finder.find_spec("x", [entry])
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A directory with 100,000 entries: hard links to one file, so that it is made quickly."""
    root = os.fspath(tmp_path_factory.mktemp("crowd"))
    plant(root, {"m0.py": ""})
    source = os.path.join(root, "m0.py")
    for index in range(1, 100_000):
        if index % 20_000 == 0:  # file systems limit the links to one file
            source = os.path.join(root, f"m{index}.py")
            plant(root, {f"m{index}.py": ""})
        else:
            os.link(source, os.path.join(root, f"m{index}.py"))
    return root


def test_hundred_thousand_entries(duel, crowd):
    """First, last, in between, absent; and the listing has them all."""
    for world in duel.worlds:
        world.looks_into_cache = False
    for name, found in (("m0", True), ("m99999", True), ("m54321", True), ("m100000", False), ("m", False)):
        assert duel.ask(name, [crowd]).found is found
    names = duel.agree(lambda world: len(sys.path_importer_cache[crowd]._path_cache))
    assert names == 100_000


def test_names_on_disk_that_are_not_utf8(duel, tree):
    """They arrive as surrogate escapes, and are found by them."""
    for raw in (b"\xff.py", b"caf\xe9.py", b"\xc3", b"\x80\x80.pyc"):
        with open(os.path.join(os.fsencode(tree), raw), "wb"):
            pass
    for name, found in (("\udcff", True), ("caf\udce9", True), ("\udcc3", False), ("café", False), ("\udc80\udc80", True)):
        assert duel.ask(name).found is found


def test_entry_that_is_not_utf8(duel, tree):
    """A directory whose name cannot be decoded, as the text that os.fsdecode gives."""
    raw = os.path.join(os.fsencode(tree), b"d\xff")
    os.mkdir(raw)
    plant(os.fsdecode(raw), {"m.py": "", "p": {"__init__.py": ""}, "ns": {}})
    for name in ("m", "p", "ns", "absent"):
        duel.ask(name, [os.fsdecode(raw)])


def test_entry_outside_ascii(duel, tree):
    """Two, three and four bytes in UTF-8."""
    for name in ("é", "漢字", "🐍"):
        entry = plant(os.path.join(tree, name), {"m.py": "", f"{name}.py": ""})
        assert duel.ask("m", [entry]).found
        assert duel.ask(name, [entry]).found


def test_loop_as_an_entry(duel, tree):
    """The hook's stat fails with ELOOP: not a directory, remembered as None."""
    plant(tree, {"loop": Link("loop")})
    assert duel.ask("m", [os.path.join(tree, "loop")]).outcome == "absent"


def test_path_as_long_as_the_system_allows(duel, tree):
    """Directories up to PATH_MAX, and joined names beyond it."""
    entry = tree
    while len(entry) < 3_900:
        entry = os.path.join(entry, "d" * 100)
    plant(entry, {"m.py": ""})
    assert duel.ask("m", [entry]).found
    for length in (50, 150, 255, 256, 300, 5_000):
        assert duel.ask("x" * length, [entry]).outcome == "absent"


def test_no_descriptors_left(duel, tree):
    """EMFILE leaves the import as OSError, and the finder recovers."""
    assert duel.ask("m", around=no_descriptors).error_text.startswith("OSError")
    assert duel.ask("m").found


WRONG = [
    ({"freshness": "fresh"}, ValueError, ["freshness", "'checked'", "'trusted'", "'fresh'"]),
    ({"freshness": None}, TypeError, ["freshness", "'checked'", "'trusted'"]),
    ({"freshness": 1}, TypeError, ["freshness", "'checked'", "'trusted'"]),
    ({"freshness": b"checked"}, TypeError, ["freshness", "'checked'", "'trusted'"]),
    ({"register": "front"}, ValueError, ["register", "'meta_path'", "'in_place'", "'front'"]),
    ({"register": None}, TypeError, ["register", "'meta_path'", "'in_place'"]),
    ({"register": True}, TypeError, ["register", "'meta_path'", "'in_place'"]),
    ({"freshness": "", "register": ""}, ValueError, ["freshness"]),
    ({"speed": "high"}, TypeError, ["speed"]),
]


@pytest.mark.parametrize(("arguments", "error", "words"), WRONG, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("before", [None, "meta_path", "in_place"])
def test_install_with_a_wrong_argument(arguments, error, words, before):
    """The error names the argument and the allowed values, and nothing has changed."""
    import fastimport
    from fastimport.state import describe

    if before is not None:
        fastimport.install(register=before)
    state = describe(), list(sys.meta_path)
    with pytest.raises(error) as caught:
        fastimport.install(**arguments)
    assert [word for word in words if word not in str(caught.value)] == []
    assert (describe(), list(sys.meta_path)) == state
    fastimport.uninstall()


def test_install_takes_keywords_only():
    """install("trusted") is a TypeError, not a guess."""
    import fastimport

    with pytest.raises(TypeError, match="positional"):
        fastimport.install("trusted")
    assert not fastimport.installed()


@pytest.mark.parametrize("meta_path", [None, (), tuple(sys.meta_path), "text"], ids=repr)
@pytest.mark.parametrize("register", ["meta_path", "in_place"])
def test_meta_path_that_is_no_list(monkeypatch, meta_path, register):
    """Nobody knows how to take an index of it: left alone, with the reason; FASTIMPORT_STRICT=1 wants to know."""
    import fastimport
    from fastimport.state import describe

    monkeypatch.setattr(sys, "meta_path", meta_path)
    fastimport.install(register=register)
    assert not fastimport.installed() and sys.meta_path is meta_path
    assert describe()["obstacle"] == "sys.meta_path is not a list"
    monkeypatch.setenv("FASTIMPORT_STRICT", "1")
    with pytest.raises(ImportError, match=r"sys\.meta_path is not a list"):
        fastimport.install(register=register)


def test_meta_path_replaced_after_install(monkeypatch):
    """`uninstall` puts PathFinder back into whatever sequence it can edit, and drops what it can't."""
    import fastimport

    before = list(sys.meta_path)
    for change in (tuple, lambda path: None, list):
        monkeypatch.setattr(sys, "meta_path", list(before))
        fastimport.install()
        sys.meta_path = changed = change(sys.meta_path)
        fastimport.uninstall()
        assert not fastimport.installed()
        assert sys.meta_path is None if changed is None else list(sys.meta_path) == before

"""Bytecode that importlib does not take as it is, and sources that do not compile: all left to importlib.

The errors of damaged files are importlib's, with type, message and frames.
"""

import codecs
import importlib.util
import marshal
import os

import pytest
from support.loading import MTIME, SOURCE, both, pyc_bytes, write_bytecode, write_source

HEADER_SIZE = 16


# The file is not valid ################################################################################################


def test_stale_by_time(agree):
    def prepare(directory):
        path, _ = both(directory)
        os.utime(path, (MTIME, MTIME + 1))

    agree(prepare, road="long")


def test_stale_by_size(agree):
    agree(lambda directory: both(directory, fields=[MTIME, 1]), road="long")


@pytest.mark.parametrize("magic", [b"\0\0\0\0", b"\xff\xff\r\n", importlib.util.MAGIC_NUMBER[:3] + b"\r"])
def test_other_magic_number(agree, magic):
    agree(lambda directory: both(directory, magic=magic), road="long")


@pytest.mark.parametrize("flags", [1, 2, 3, 4, 0x100, 0x8000_0000, 0xFFFF_FFFF])
def test_flags(agree, flags):
    """Hash-based files (1 and 3; here with a wrong hash), one that is not (2), and flags that are not defined."""
    agree(lambda directory: both(directory, flags=flags), road="short" if flags == 2 else "long")


@pytest.mark.parametrize("flags", [1, 3])
@pytest.mark.parametrize("changed", [False, True])
def test_hash_based(agree, flags, changed):
    def prepare(directory):
        path = write_source(directory)
        write_bytecode(path, flags=flags, fields=importlib.util.source_hash(SOURCE.encode()))
        if changed:
            write_source(directory, SOURCE + "CHANGED = True\n")

    loaded = agree(prepare, road="long")
    assert hasattr(loaded.module, "CHANGED") == (changed and flags == 3)


def truncations(directory):
    path = write_source(directory, "X = 1\n")
    return len(pyc_bytes(path))


def test_truncated_at_every_length(agree, tmp_path):
    """Compiled again when the header is cut, importlib's error when the code is."""
    for length in range(truncations(tmp_path)):

        def prepare(directory, length=length):
            _, cached = both(directory, source="X = 1\n")
            os.truncate(cached, length)

        loaded = agree(prepare, road="long", asks_again=True)
        assert (loaded.error_text is None) == (length < HEADER_SIZE), length


CONTENTS = {
    "not code": marshal.dumps([1, 2, 3]),
    "None": marshal.dumps(None),
    "text": marshal.dumps("x = 1"),
    "garbage": b"\xff" * 100,
    "zeros": bytes(100),
    "null object": b"0",
    "negative length": b"(" + b"\xff" * 4,
    "long tuple": b"(" + (2**16).to_bytes(4, "little"),
    "long bytes": b"s" + (2**16).to_bytes(4, "little") + b"x",
    "deep": b")\x01" * 100_000 + b"N",
    "bad reference": b"r\x05\0\0\0",
    "bad code": b"c" + bytes(200),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_contents_that_are_not_a_code_object(agree, content):
    """The header is valid, so the error is importlib's, with its type, message and frames."""
    loaded = agree(lambda directory: both(directory, code=content), road="long", asks_again=True)
    assert loaded.error_text


def test_every_byte_of_the_header_counts(agree):
    for index in range(HEADER_SIZE):

        def prepare(directory, index=index):
            _, cached = both(directory, source="X = 1\n")
            with open(cached, "r+b") as file:
                file.seek(index)
                byte = file.read(1)[0]
                file.seek(index)
                file.write(bytes([byte ^ 0xFF]))

        agree(prepare, road="long")


# The source does not compile ##########################################################################################


SOURCES = {
    "syntax": "def (:\n",
    "encoding": b"# coding: nonsense\n",
    "bytes": b"x = '\xff'\n",
    "null": b"x = 1\0\n",
    "warning": "assert (1, 'always')\nx = '\\d'\n1 is 1\n",
    "empty": "",
    "mark": b"\xef\xbb\xbfx = 1\n",
    "newlines": b"x = 1\r\ny = 2\rz = 3\n",
    "raising": "import sys\n1 / 0\n",
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_sources(agree, source):
    with pytest.raises(LookupError):
        codecs.lookup("nonsense")  # looked for once per process
    agree(lambda directory: write_source(directory, source), road="long")


def test_bytecode_whose_execution_fails(agree):
    loaded = agree(lambda directory: both(directory, source="x = 1\nx / 0\n"), road="short")
    assert list(loaded.errors) == ["executed"]

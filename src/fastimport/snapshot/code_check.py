"""Whether code that is made of templates is marshal's, module by module: what ``fastimport verify --code`` asks."""

import io
import marshal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from fastimport.code._ready import difference, unusable
from fastimport.snapshot import decode, identity
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot.build import build
from fastimport.snapshot.encode import encode
from fastimport.snapshot.model import TEMPLATE_CODE, Contents

_AT_ONCE = 400


class Checked(NamedTuple):
    """A module that was made both ways, and where the two differ, or None."""

    path: str
    difference: str | None


def check(path: Sequence[str] | None, progress: Callable[[int], object] = lambda count: None) -> Iterator[Checked]:
    """Make every module on `path` (default: as `build`) both ways, and compare. `RuntimeError` where all is unmarshalled."""
    reason = unusable(sys.hexversion)
    if reason is not None:
        raise RuntimeError(reason)
    contents, count = build(path), 0
    sources = iter(contents.sources.items())
    while some := dict(islice(sources, _AT_ONCE)):
        for checked in _check_some(replace(contents, directories={}, paths=[], sources=some)):
            count += 1
            progress(count)
            yield checked


def _check_some(contents: Contents) -> Iterator[Checked]:
    stream, refused = io.BytesIO(), list[str]()
    encode(contents, stream)
    reader = SnapshotReader(data=stream.getvalue())
    reader.prepare(sys.hexversion, identity.build_number(), refused.append)
    if refused:
        raise RuntimeError(refused[0])
    for code in decode.codes(reader):
        if code.size and code.flags & TEMPLATE_CODE:
            yield Checked(code.path, difference(marshal.loads(reader.code_bytes(code.number)), reader.code_object(code.number)))

"""The probe: code with everything that code objects can be made of, made both ways when a snapshot is opened."""

import marshal

_SOURCE = r'''
"""Text, caf\u00e9, \u2026, \U0001f40d."""
from __future__ import annotations
import a.b as c
numbers = 0, 1, -1, 255, 257, -7, 2**31, 10**40, -(10**40), 1.5, -0.0, 1e300 * 1e300, 2j, 1.5 - 2j
others = None, True, False, ..., b"", b"x", b"bytes \\0"
texts = "", "x", "\u00e9", "two words", "\ud800", "name", ("nested", ("deeper", 7, None))
if c in {1, "two words", (2, b"3"), None}: c += 1
class C(c, key=1):
    """Text of a class."""
    x: int = 1
    __slots__ = ("y",)
    def method(self, a, b=2, /, d: str = "x", *args, e, f=None, **kwargs) -> C:
        def inner(g, *, h=d): return super().method(g, a, self, h, args, kwargs, e, f)
        try:
            with a as (b, *rest): yield from (i for i in inner(b) if i not in (1, 2) for _ in rest)
        except* (ValueError, TypeError) as error: raise KeyError(f"{error!r:>{b}} {a}") from error
        finally: del d
async def coroutine(n):
    async with n as m:
        async for i in m: yield [j async for j in i], {k: v for k, v in await n}
def loops(n, o):
    global z
    while n:
        n -= 1
        for i, p in enumerate(o):
            if i is None or not p: continue
            elif p < n: break
            o[i], o.z = p.q[1:2], -p
        else: z = lambda a, *b: a or b
    match o:
        case [C(x=1), {"k": w, **r}, *_] | (w, r): return w @ r
        case str() | None: return n if n is not None else assert_(n)
    print(i, p, n, sep="")
    assert n, "text"
'''


def marshalled() -> bytes:
    """The probe's code, compiled by this interpreter."""
    return marshal.dumps(compile(_SOURCE, "probe", "exec", dont_inherit=True))

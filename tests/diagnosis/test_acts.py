"""What a module does to others when it is executed, as its source says it."""

import pytest

from fastimport.diagnosis.acts import CALL, CHANGE, DECORATION, PROCESS, acts

CASES = {
    "a call": ("import os\nos.umask(0)", [(CALL, "os.umask")]),
    "a call by another name": ("from os import umask as mask\nmask(0)", [(CALL, "os.umask")]),
    "of a module in a package": ("import xml.etree.ElementTree as E\nE.register_namespace('a', 'b')",
                                 [(CALL, "xml.etree.ElementTree.register_namespace")]),
    "of a dotted module": ("import logging.config\nlogging.config.dictConfig({})", [(CALL, "logging.config.dictConfig")]),
    "in a condition": ("import os\nif os.name:\n    os.nice(1)\nelse:\n    os.umask(0)", [(CALL, "os.nice"), (CALL, "os.umask")]),
    "in a class": ("import random\nclass C:\n    random.seed(1)", [(CALL, "random.seed")]),
    "in a try": ("try:\n    import os\n    os.umask(0)\nexcept OSError: pass", [(CALL, "os.umask")]),
    "in a function": ("import os\ndef f(): os.umask(0)", []),
    "in a lambda": ("import os\nx = lambda: os.umask(0)", []),
    "whose result is kept": ("import os\nold = os.umask(0)", []),
    "of what is its own": ("def register(): pass\nregister()", []),
    "an attribute": ("import ssl\nssl._create_default_https_context = ssl._create_unverified_context",
                     [(CHANGE, "ssl._create_default_https_context")]),
    "of what a call returns": ("import decimal\ndecimal.getcontext().prec = 5", [(CHANGE, "decimal.getcontext.prec")]),
    "an item": ("from a import TABLE\nTABLE['x'] = 1", [(CHANGE, "a.TABLE")]),
    "an augmented one": ("import a\na.LIST += [1]", [(CHANGE, "a.LIST")]),
    "a deleted one": ("import a\ndel a.b.c", [(CHANGE, "a.b.c")]),
    "one of several": ("import a\nx = a.y = 1", [(CHANGE, "a.y")]),
    "a name": ("import a\na = 1", []),
    "a decorator": ("from a import b\n@b\ndef f(): pass", [(DECORATION, "a.b")]),
    "a decorator with arguments": ("from a import b\n@b.route('/')\nclass C: pass", [(DECORATION, "a.b.route")]),
    "a relative import": ("from . import b\nb.register(1)", [(CALL, "package.inner.b.register")]),
    "a relative import of the package above": ("from ..b import c\nc.d = 1", [(CHANGE, "package.b.c.d")]),
    "twice": ("import a\na.b()\na.b()", [(CALL, "a.b")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_done(case):
    text, expected = CASES[case]
    assert [(each.kind, each.name) for each in acts(text, "package.inner")] == expected
    assert any(each.is_conditional for each in acts(text, "package.inner")) is (case == "in a condition")


def test_what_is_no_python_is_told():
    with pytest.raises(SyntaxError):
        acts("import (", "")


@pytest.mark.parametrize("name", PROCESS)
def test_every_function_of_the_table_is_known_by_its_full_name(name):
    module, _, function = name.rpartition(".")
    top = name.partition(".")[0]
    assert acts(f"import {top}\n{name}()", "") == [(CALL, name, False)]
    if module in ("logging.config", "xml.etree.ElementTree") or "." not in module:
        assert acts(f"from {module} import {function}\n{function}()", "") == [(CALL, name, False)]

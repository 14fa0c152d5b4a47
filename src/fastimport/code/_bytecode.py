"""Compiled: the source is _bytecode.pyx."""

from fastimport._core import load

load(__name__)

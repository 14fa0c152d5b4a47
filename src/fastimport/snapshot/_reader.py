"""Compiled: the source is _reader.pyx."""

from fastimport._core import load

load(__name__)

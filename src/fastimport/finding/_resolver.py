"""Compiled: the source is _resolver.pyx."""

from fastimport._core import load

load(__name__)

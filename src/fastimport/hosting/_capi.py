"""Compiled: the source is _capi.pyx."""

from fastimport._core import load

load(__name__)

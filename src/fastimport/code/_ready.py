"""Compiled: the source is _ready.pyx."""

from fastimport._core import load

load(__name__)

"""The C interface: where its header is, and the capsule that ``fastimport_import`` of the header takes up."""

import os

from fastimport import activation
from fastimport.finding import finder
from fastimport.hosting._capi import make_api

API = make_api(finder.resolver, activation, finder.pin_file_finder())


def get_include() -> str:
    """The directory of ``fastimport.h``, for compilers of programs in C and in Cython (``cimport fastimport``)."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "include")

"""What a snapshot must have been made by: its bytecode and its suffixes mean something to one kind of interpreter only."""

import _frozen_importlib_external as external
import sys


def suffixes():
    """The suffixes of modules in importlib's order."""
    return [suffix for _, suffixes in external._get_supported_file_loaders() for suffix in suffixes]


def fields():
    """Name and value of each thing that must be equal, as text."""
    machine = f"{getattr(sys.implementation, '_multiarch', '')} {sys.maxsize.bit_length() + 1} {sys.byteorder}"
    return {
        "cache tag": str(sys.implementation.cache_tag),
        "bytecode magic": external.MAGIC_NUMBER.hex(),
        "optimization": str(sys.flags.optimize),
        "ABI flags": getattr(sys, "abiflags", ""),
        "platform": f"{sys.platform} {machine}",
        "suffixes": " ".join(suffixes()),
        "case": "ignored" if sys.platform.startswith(external._CASE_INSENSITIVE_PLATFORMS) else "significant",
        "file names": f"{sys.getfilesystemencoding()} {sys.getfilesystemencodeerrors()}",
    }


def encoded():
    """The identity of this interpreter as a snapshot holds it: ``name=value``, separated by NUL."""
    return "\0".join(f"{name}={value}" for name, value in fields().items()).encode()


def decoded(identity):
    """The fields of the identity of a snapshot."""
    pairs = identity.decode("utf-8", "replace").split("\0")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def difference(identity):
    """The first field in which a snapshot's identity is not this interpreter's, in words, or None."""
    if identity == encoded():
        return None
    theirs, ours = decoded(identity), fields()
    for name, value in ours.items():
        if theirs.get(name) != value:
            return f"made for another interpreter: {name} {theirs.get(name)!r}, here {value!r}"
    return "made for another interpreter"


def build_number():
    """What tells builds of the same release apart, as 64 bits of ``sys.version``."""
    from fastimport.code._ready import fold_sum

    return fold_sum(sys.version.encode())

"""Where everything is in the file (docs/snapshots.md): numbers and record formats, for the writer and for `verify`.

The compiled reader has the same in snapshot_format.h; tests/snapshot/test_snapshot_format.py compares the two.
"""

import struct

MAGIC = b"fastimp\x1a"
VERSION = 3
HEADER_SIZE = 512
BLOCK = 16384
BY_CONTENT = 1

SECTIONS = (
    "strings", "roots", "directories", "directory slots", "names", "name slots", "codes", "code slots",
    "paths", "path directories", "merged names", "merged slots", "positions", "order", "texts", "text bytes", "caches",
)  # fmt: skip
NUMBER = {name: number for number, name in enumerate(SECTIONS)}

RECORDS = {
    "strings": struct.Struct("<c"),
    "roots": struct.Struct("<IIII"),  # text, size, moves, 0
    "directories": struct.Struct("<IIIIQQqqIIIIII"),  # root, path, size, flags, stamp, names, count, others, slots, bits, links
    "directory slots": struct.Struct("<I"),
    "names": struct.Struct("<IIIIII"),  # text, size, listed, resolved, inside, hash
    "name slots": struct.Struct("<I"),
    # root, path, size, flags, stamp, source size, offset, size, checksum, source hash, size when marshalled, 0
    "codes": struct.Struct("<IIIIQQqqQQQQQII"),
    "code slots": struct.Struct("<I"),
    "paths": struct.Struct("<IIIIII"),  # directories, their count, merged names, their count, slots, bits
    "path directories": struct.Struct("<I"),
    "merged names": struct.Struct("<IIIII"),  # text, size, positions, their count, hash
    "merged slots": struct.Struct("<I"),
    "positions": struct.Struct("<I"),
    "order": struct.Struct("<II"),  # text, size
    "texts": struct.Struct("<I"),  # offset among the text bytes; the highest bit says that it isn't ASCII
    "text bytes": struct.Struct("<c"),
    "caches": struct.Struct("<B"),
}

# magic, version, flags, file size, checksum | header size, block size, identity (offset, size), checksums (offset, count),
# tables (from, to), code (from, to), user, time of making, home (text, size), reserved
HEADER = struct.Struct("<8sIIQQ IIIIII QQQQ QQ II 24x")
SECTION = struct.Struct("<QII")  # offset, count, record size
TEMPLATES = struct.Struct("<IIQQQQQ")  # release of Python, 0, its build, the probe: offset, size, checksum, size when marshalled

assert HEADER.size == 136, HEADER.size


def aligned(offset: int, to: int = 8) -> int:
    """The next multiple of `to`."""
    return -(-offset // to) * to

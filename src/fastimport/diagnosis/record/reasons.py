"""Why bytecode was not used, in words."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    external: Any
else:
    import _frozen_importlib_external as external


def why_invalid(error: BaseException) -> str:
    """From the exception that importlib raised (and caught) when it looked at the header or the hash."""
    text = str(error)
    if "magic" in text:
        return "bytecode of another Python version (magic number)"
    if "hash" in text:
        return "the source has changed (hash)"
    return f"damaged bytecode ({text})"


def why_stale(data: bytes, path: object) -> str:
    """From bytecode with a good header, and the path of its source, which is looked at as importlib has just done."""
    try:
        status = external._path_stat(path)
    except (OSError, TypeError, ValueError):
        return "the source has changed"
    mtime, size = int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF
    recorded_mtime, recorded_size = (int.from_bytes(data[start : start + 4], "little") for start in (8, 12))
    if mtime != recorded_mtime:
        newer = "newer" if recorded_mtime < mtime else "older"
        return f"the source has another modification time ({newer} by {abs(mtime - recorded_mtime)} s)"
    return f"the source has another size ({size} bytes, not {recorded_size})" if size != recorded_size else "damaged bytecode"

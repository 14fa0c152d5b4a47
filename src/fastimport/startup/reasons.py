"""Why bytecode was not used, in words."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def why_invalid(error: BaseException, arguments: "tuple[Any, ...] | None") -> str:
    """From the exception that importlib raised (and caught) when it looked at the header, or, given `arguments`, further."""
    if arguments is not None and type(arguments[1]) is int:
        return _stale(*arguments[:3])
    text = str(error)
    if "magic" in text:
        return "bytecode of another Python version (magic number)"
    if "hash" in text:
        return "the source has changed (hash)"
    return f"damaged bytecode ({text})"


def _stale(data: bytes, mtime: int, size: int) -> str:
    """From the header of the bytecode `data` and the source's modification time and size."""
    recorded = int.from_bytes(data[8:12], "little")
    if recorded != int(mtime) & 0xFFFFFFFF:
        newer = "newer" if recorded < int(mtime) & 0xFFFFFFFF else "older"
        return f"the source has another modification time ({newer} by {abs((int(mtime) & 0xFFFFFFFF) - recorded)} s)"
    return f"the source has another size ({int(size) & 0xFFFFFFFF} bytes, not {int.from_bytes(data[12:16], 'little')})"

"""A program at a pseudo-terminal, as somebody types at it."""

import os
import pty
import subprocess


def read_all(descriptor: int) -> bytes:
    chunks = []
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:
            # Linux reports the closed far end of a terminal as EIO.
            break
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks)


def run_in_terminal(command: list, typed: str, cwd: os.PathLike, variables: dict) -> tuple:
    """Returns the exit status and the terminal's whole text, which mixes both output streams."""
    controller, far_end = pty.openpty()
    try:
        process = subprocess.Popen(command, cwd=cwd, env=variables, stdin=far_end, stdout=far_end, stderr=far_end)
        os.close(far_end)
        os.write(controller, typed.encode())
        text = read_all(controller)
        return process.wait(timeout=180), text.decode(), ""
    finally:
        os.close(controller)

"""Run a script where the kernel refuses process_vm_readv(2), as some sandboxes do.

Arguments: when ("first", or "later": on SIGUSR1), then the script and its arguments. Exit status 77 where no such rule can be
made.
"""

import ctypes
import errno
import os
import platform
import runpy
import signal
import struct
import sys

CALL = {"x86_64": 310, "aarch64": 270}.get(platform.machine())
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def forbid():
    """seccomp(2): a rule on the number of the call, for this process from now on."""
    steps = [(LOAD_NUMBER, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, CALL or 0), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    rules = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(rules)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    if CALL is None or prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        sys.exit(77)
    if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0):
        sys.exit(77)
    assert ctypes.CDLL(None, use_errno=True).process_vm_readv(os.getpid(), 0, 0, 0, 0, 0) == -1


when, script, *rest = sys.argv[1:]
if when == "first":
    forbid()
else:
    signal.signal(signal.SIGUSR1, lambda number, frame: forbid())
sys.argv = [script, *rest]
runpy.run_path(script, run_name="__main__")

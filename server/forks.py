"""A process of which others are forks: it has imported what they need, so they start at once.

Started as `python -m server.forks FD MODULE`. Over its socket it is sent the arguments of a
process to start, between spaces, and with them a descriptor, which becomes the first argument; it
says the number of the process in four bytes, zero if the system has no room for another. A fork
goes on as `python -m MODULE FD ARGUMENT…` would after its imports; its name, in lists of
processes, is "kg " and the last part of MODULE.

Whoever asks becomes its parent, who may end it and learns how it ended: a process whose own parent
has ended is given to the nearest one above that takes such, and `adopt` says that this one does.
"""

import ctypes
import gc
import os
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module

_SET_NAME, _SET_CHILD_SUBREAPER = 15, 36  # of Linux's prctl.h
_MOST_ARGUMENTS = 1024  # bytes
NUMBER = 4  # bytes of the number of a process


def adopt() -> bool:
    """Become the parent of what forks of our own processes leave; return whether that is so."""
    try:
        refused: int = ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except AttributeError:  # not Linux
        return False
    return not refused


def _serve(control: socket.socket) -> list[str]:
    """Fork whenever it is asked; return what the arguments are in each fork, none at the end."""
    while True:
        arguments, descriptors, _, _ = socket.recv_fds(control, _MOST_ARGUMENTS, 1)
        if not arguments:
            return []
        reading, writing = os.pipe()
        between = _forked()
        if between == 0:
            fork = _forked()
            if fork != 0:
                os.write(writing, max(fork, 0).to_bytes(NUMBER, "big"))
                os._exit(0)
            os.close(reading)
            os.close(writing)
            return [str(descriptors[0]), *arguments.decode().split()]
        for each in (writing, *descriptors):
            os.close(each)
        if between > 0:
            os.waitpid(between, 0)  # by then the fork has its new parent
        control.sendall(os.read(reading, NUMBER) or bytes(NUMBER))
        os.close(reading)


def _forked() -> int:
    """Return what `os.fork` does, -1 if the system has no room for another process."""
    try:
        return os.fork()
    except OSError:
        return -1


def main() -> None:
    """Serve one web process; be what was asked for in each fork."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the web process says when this one ends
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    descriptor, name = int(sys.argv[1]), sys.argv[2]
    module = import_module(name)
    gc.freeze()  # or the first collection in a fork would write to all memory that it shares
    with socket.socket(fileno=descriptor) as control, suppress(ConnectionError):
        if not (arguments := _serve(control)):
            return
    sys.argv[1:] = arguments
    ctypes.CDLL(None).prctl(_SET_NAME, f"kg {name.rpartition('.')[2]}".encode(), 0, 0, 0)
    module.main()


if __name__ == "__main__":
    main()

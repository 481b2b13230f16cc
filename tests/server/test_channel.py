"""Frames between the web process and another one come whole, however the system cuts them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from server.channel import TAKE_BACK, Channel, Frame

TOLD = [Frame(b"Q", b"first"), Frame(b"S", b""), Frame(b"Q", bytes(range(256)) * 100)]


@contextmanager
def channel_on(end: socket.socket) -> Iterator[Channel]:
    """Yield a channel; a process would leave its socket to the system."""
    with Channel(end.detach()) as channel:
        yield channel
    channel._socket.close()


@pytest.mark.parametrize("size", [1, 4, 7, 1000, 1 << 20])
def test_frames_are_the_same_however_they_are_cut(size: int) -> None:
    written = b"".join(kind + len(payload).to_bytes(4, "big") + payload for kind, payload in TOLD)
    ours, theirs = socket.socketpair()
    with ours, channel_on(theirs) as channel:
        sending = threading.Thread(target=_send, args=(ours, written, size))
        sending.start()  # the socket does not hold all of it
        found = list(channel.requests())
        sending.join()

    assert found == TOLD


def _send(end: socket.socket, written: bytes, size: int) -> None:
    for at in range(0, len(written), size):
        end.sendall(written[at : at + size])
    end.shutdown(socket.SHUT_WR)


def test_a_request_that_is_cut_off_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours, channel_on(theirs) as channel:
        ours.sendall(b"Q\0\0\0\x05whole" + b"Q\0\0\0\x05cut")
        ours.shutdown(socket.SHUT_WR)
        found = list(channel.requests())

    assert found == [Frame(b"Q", b"whole")]


def test_what_is_sent_is_read_as_it_was() -> None:
    ours, theirs = socket.socketpair()
    with channel_on(ours) as one, channel_on(theirs) as other:
        one.send(*TOLD)
        found = list(islice(other.requests(), len(TOLD)))

    assert found == TOLD


def test_what_is_taken_back_is_told_as_such() -> None:
    """As many as are meant, of the last, and none that was begun."""
    ours, theirs = socket.socketpair()
    back = Frame(TAKE_BACK, bytes([2]))
    a, b, c, d, e = (Frame(b"Q", bytes([name])) for name in b"abcde")
    with channel_on(ours) as one, channel_on(theirs) as other:
        one.send(a, b, c, d)
        requests = other.requests()
        first = next(requests)
        one.send(back, e)
        rest = list(islice(requests, 4))
        one.send(back)
        one.send(a)
        last = next(requests)

    assert first == a
    assert rest == [b, back, back, e]
    assert last == a

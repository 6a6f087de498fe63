"""What waits in C, taught to let other threads run: `poll`, `select`, sockets. With one thread it is C's own call."""

import select
import selectors
import socket

import _socket
from _verklet import scheduler

POLLIN, POLLOUT = select.POLLIN, select.POLLOUT
MSG_DONTWAIT = 0x40
_poll = select.poll
_select = select.select


class Poll:
    def __init__(self):
        self._poll = _poll()
        self._events = {}

    def register(self, fd, eventmask=POLLIN | select.POLLPRI | POLLOUT):
        self._poll.register(fd, eventmask)
        self._events[number(fd)] = eventmask

    def modify(self, fd, eventmask):
        self._poll.modify(fd, eventmask)
        self._events[number(fd)] = eventmask

    def unregister(self, fd):
        self._poll.unregister(fd)
        self._events.pop(number(fd), None)

    def poll(self, timeout=None):
        if scheduler.is_alone():
            return self._poll.poll(timeout)
        found = []
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        if seconds == 0:
            scheduler.yield_now()
            return self._poll.poll(0)

        def ready():
            found[:] = self._poll.poll(0)
            return bool(found)

        scheduler.block(ready, seconds, "poll", tuple(self._events.items()))
        return found


def number(fd):
    return fd if isinstance(fd, int) else fd.fileno()


def select_(rlist, wlist, xlist, timeout=None, /):
    if scheduler.is_alone():
        return _select(rlist, wlist, xlist, timeout)
    found = [[], [], []]

    def ready():
        found[:] = _select(rlist, wlist, xlist, 0)
        return any(found)

    fds = (*((number(fd), POLLIN) for fd in rlist), *((number(fd), POLLOUT) for fd in wlist))
    scheduler.block(ready, timeout, "select", fds)
    return tuple(found)


def wait_io(sock, events):
    """Until the socket is ready; raises as a blocking call that took too long."""
    timeout = sock.gettimeout()
    if timeout == 0 or scheduler.is_alone():
        return
    fd = sock.fileno()
    poller = _poll()
    poller.register(fd, events)
    if not scheduler.block(lambda: bool(poller.poll(0)), timeout, "a socket", ((fd, events),)):
        raise TimeoutError("timed out")


def waits(name, events):
    original = getattr(_socket.socket, name)

    def call(self, *args, **kwargs):
        wait_io(self, events)
        return original(self, *args, **kwargs)

    call.__name__ = name
    return call


def sendall(self, data, flags=0):
    if scheduler.is_alone() or self.gettimeout() == 0:
        return _socket.socket.sendall(self, data, flags)
    view = memoryview(data).cast("B")
    while view:
        wait_io(self, POLLOUT)
        try:
            view = view[_socket.socket.send(self, view, flags | MSG_DONTWAIT) :]
        except BlockingIOError:
            # Another thread was faster.
            continue


def install():
    select.poll = Poll
    select.select = select_
    selectors.PollSelector._selector_cls = Poll
    if hasattr(selectors, "SelectSelector"):
        selectors.SelectSelector._select = lambda self, r, w, _, timeout=None: select_(r, w, [], timeout)
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "_accept"):
        setattr(socket.socket, name, waits(name, POLLIN))
    socket.socket.send = waits("send", POLLOUT)
    socket.socket.sendall = sendall

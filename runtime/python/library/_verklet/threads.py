"""Threads where there is one: a started thread runs to its end at once. What would then wait for ever is refused."""

import _thread
import _threading_local
import concurrent.futures.thread
import socketserver
import threading

from _verklet import boundary


class ThreadsNeedServer(RuntimeError):
    pass


_next_identifier = 2
_depth = 0


def install():
    _thread.start_new_thread = start_new_thread
    _thread.start_new = start_new_thread
    _thread.start_joinable_thread = start_joinable_thread
    threading._start_new_thread = start_new_thread
    threading._start_joinable_thread = start_joinable_thread
    threading._ThreadHandle = Handle
    # CPython's own is per thread of the machine; this one asks who the current thread is.
    threading.local = _thread._local = _threading_local.local
    concurrent.futures.thread.ThreadPoolExecutor.submit = submit
    socketserver.ThreadingMixIn.process_request = process_inline


class Handle:
    """What `threading` keeps of a started thread."""

    def __init__(self):
        global _next_identifier
        self.ident = _next_identifier
        _next_identifier += 1
        self._done = False

    def is_done(self):
        return self._done

    def _set_done(self):
        self._done = True

    def join(self, timeout=None):
        if not self._done and timeout is None:
            refuse("joining a thread from itself")


def start_new_thread(function, args=(), kwargs=None):
    handle = Handle()
    run(handle, lambda: function(*args, **(kwargs or {})))
    return handle.ident


def start_joinable_thread(function, handle=None, daemon=True):
    handle = Handle() if handle is None else handle
    run(handle, function)
    return handle


def run(handle, work):
    global _depth
    previous = _thread.get_ident
    _depth += 1
    own = handle.ident
    _thread.get_ident = threading.get_ident = lambda: own
    try:
        work()
    except SystemExit:
        # Ends a thread silently.
        pass
    finally:
        _thread.get_ident = threading.get_ident = previous
        _depth -= 1
        handle._set_done()


def refuse(what):
    boundary.met(boundary.Finding("python.threads", what, "there is one thread"))
    raise ThreadsNeedServer(f"{what} needs real threads, which need a server session (python.threads)")


def submit(self, function, /, *args, **kwargs):
    future = concurrent.futures.Future()
    if self._shutdown:
        raise RuntimeError("cannot schedule new futures after shutdown")
    if not future.set_running_or_notify_cancel():
        return future
    try:
        future.set_result(function(*args, **kwargs))
    except BaseException as error:
        future.set_exception(error)
    return future


def process_inline(self, request, client_address):
    self.process_request_thread(request, client_address)

"""`threading` over the scheduler; where stacks cannot be put aside, a started thread runs to its end at once."""

import _thread
import _threading_local
import concurrent.futures.thread
import queue
import socketserver
import threading

from _verklet import locks, scheduler, waiting

_alone_identifier = 2
_process_request = socketserver.ThreadingMixIn.process_request
_submit = concurrent.futures.thread.ThreadPoolExecutor.submit
_excepthook = threading.excepthook


def install():
    _thread.get_ident = threading.get_ident = threading.get_native_id = lambda: scheduler.current.ident
    _thread.get_native_id = _thread.get_ident
    _thread.start_new_thread = _thread.start_new = threading._start_new_thread = start_new_thread
    _thread.start_joinable_thread = threading._start_joinable_thread = start_joinable_thread
    threading._ThreadHandle = Handle
    # CPython's own is per thread of the machine; this one asks who the current thread is.
    threading.local = _thread._local = _threading_local.local
    queue.SimpleQueue = queue._PySimpleQueue
    concurrent.futures.thread._global_shutdown_lock = locks.Lock()
    threading.excepthook = excepthook
    waiting.install()
    main = threading.main_thread()
    threading._active.clear()
    main._ident = scheduler.main.ident
    threading._active[main._ident] = main
    if not scheduler.can_switch:
        concurrent.futures.thread.ThreadPoolExecutor.submit = submit
        socketserver.ThreadingMixIn.process_request = process_inline


class Handle:
    """What `threading` keeps of a started thread."""

    def __init__(self):
        self.ident = None
        self._done = False

    def is_done(self):
        return self._done

    def _set_done(self):
        self._done = True

    def join(self, timeout=None):
        if self.ident == scheduler.current.ident and not self._done:
            raise RuntimeError("Cannot join current thread")
        scheduler.block(self.is_done, None if timeout is None or timeout < 0 else timeout, "joining a thread")


def start_new_thread(function, args=(), kwargs=None):
    return run(Handle(), lambda: function(*args, **(kwargs or {}))).ident


def start_joinable_thread(function, handle=None, daemon=True):
    return run(Handle() if handle is None else handle, function)


def run(handle, work):
    def body():
        handle.ident = scheduler.current.ident
        try:
            work()
        except SystemExit:
            # Ends a thread silently.
            pass
        finally:
            handle._set_done()

    if scheduler.can_switch:
        handle.ident = scheduler.start(body)
    else:
        run_alone(handle, body)
    return handle


def run_alone(handle, body):
    global _alone_identifier
    previous = scheduler.current
    scheduler.current = scheduler.Stack(_alone_identifier)
    _alone_identifier += 1
    try:
        body()
    finally:
        scheduler.current = previous


def excepthook(args, /):
    if issubclass(args.exc_type, KeyboardInterrupt):
        # Ctrl-C is the main thread's, whoever ran when it came.
        scheduler.main.pending = args.exc_value
    else:
        _excepthook(args)


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

"""Locks over the scheduler. Imported before anything that makes a lock: those of C would stop the whole worker."""

import _thread
import threading

from _verklet import scheduler

TIMEOUT_MAX = _thread.TIMEOUT_MAX


class Lock:
    """`threading.Lock`; what waits lets other threads run."""

    __slots__ = ("_held", "__weakref__")

    def __init__(self):
        self._held = False

    def acquire(self, blocking=True, timeout=-1):
        if not self._held:
            self._held = True
            return True
        if not blocking:
            if timeout != -1:
                raise ValueError("can't specify a timeout for a non-blocking call")
            return False
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if timeout > TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        if not scheduler.block(self._is_free, None if timeout == -1 else timeout, "acquiring a lock that is held"):
            return False
        self._held = True
        return True

    def release(self):
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False

    def locked(self):
        return self._held

    def _is_free(self):
        return not self._held

    def _at_fork_reinit(self):
        self._held = False

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *exception):
        self.release()

    def __repr__(self):
        return f"<{'locked' if self._held else 'unlocked'} _thread.lock object at {id(self):#x}>"

    acquire_lock, release_lock, locked_lock = acquire, release, locked


def install():
    _thread.allocate_lock = _thread.allocate = _thread.lock = _thread.LockType = Lock
    threading._allocate_lock = threading.Lock = Lock
    threading._CRLock = None
    threading.RLock = _thread.RLock = threading._PyRLock
    threading._active_limbo_lock = threading.RLock()


install()

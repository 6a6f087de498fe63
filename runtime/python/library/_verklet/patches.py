"""Puts the kernel behind what Emscripten's C library leaves out: processes, signals, time, links."""

import math
import os
import posix
import select
import signal
import sys
import time

import _signal
import _verklet
from _verklet import scheduler
from _verklet.patches_common import raise_errno

_original_signal = _signal.signal


def install(host, request):
    os.getpid = posix.getpid = lambda: request["pid"]
    os.getppid = posix.getppid = lambda: request["ppid"]
    os.kill = posix.kill = kill
    os.killpg = posix.killpg = lambda group, number: kill(-group, number)
    os.link = posix.link = link
    os.uname = posix.uname = uname
    os.cpu_count = posix.cpu_count = os.process_cpu_count = lambda: 1
    os.getlogin = lambda: "user"
    time.sleep = sleep
    _signal.signal = set_handler
    from _verklet import boundary_hook, events, hashes, networking, processes, threads

    processes.install(host)
    networking.install(host)
    hashes.install(host)
    threads.install()
    events.install()
    boundary_hook.install()


def kill(pid, number):
    if pid == os.getpid() and number != 0:
        return signal.raise_signal(number) if handles(number) else end_by(number)
    raise_errno(_verklet.host.kill(int(pid), int(number)))


def handles(number):
    return signal.getsignal(number) not in (signal.SIG_DFL, None)


def end_by(number):
    sys.stdout.flush()
    raise_errno(_verklet.host.kill(os.getpid(), int(number)))
    # The kernel ends us at once where the signal ends a process by default.
    sleep(0.01)


def link(source, target, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True):
    raise_errno(_verklet.host.link(os.path.abspath(os.fspath(source)), os.path.abspath(os.fspath(target))), source, None, target)


def uname():
    return os.uname_result(("Linux", "verklet", "6.1.0", "#1 SMP", "x86_64"))


def sleep(seconds):
    """Waits without spinning; a signal handler runs meanwhile, and may raise."""
    if not hasattr(seconds, "__float__") and not hasattr(seconds, "__index__"):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if not scheduler.is_alone():
        scheduler.block(never, seconds) if seconds else scheduler.yield_now()
        return
    deadline = time.monotonic() + seconds
    waiter = select.poll()
    while (left := deadline - time.monotonic()) > 0:
        # The signal check runs in C when the wait is cut short.
        waiter.poll(min(math.ceil(left * 1000), 1_000_000))


def never():
    return False


def set_handler(number, handler):
    previous = _original_signal(number, handler)
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        _verklet.host.setHandled(int(number), handler is not signal.SIG_DFL and handler != 0)
    return previous

"""Threads on stacks of their own, one running at a time: whoever waits lets another go on.

A thread is a promising call (JavaScript Promise Integration): it runs until it waits, its stack is then put aside. Nothing is
preempted. Where the engine cannot switch stacks, `can_switch` is false, and `threads` runs a thread to its end at once.
"""

import select as _select
import time

import _verklet

#: Set when a process starts.
can_switch = False
_poll_of_c = _select.poll


class ThreadsNeedServer(RuntimeError):
    pass


class Stack:
    """A thread's stack: running, or waiting for `ready`."""

    def __init__(self, ident):
        self.ident = ident
        self.ready = None
        self.deadline = None
        self.fds = ()
        #: An exception for it, raised when it goes on.
        self.pending = None
        self.loop = None

    def can_go_on(self, now):
        return self.pending is not None or (self.deadline is not None and now >= self.deadline) or self.ready()


main = Stack(1)
current = main
_waiting = []
_resumed = set()
_next = 2
_browser_loop = None


def is_alone():
    return not _waiting and not _resumed and current is main


def block(ready, timeout=None, what="waiting", fds=()):
    """Waits until `ready()`, letting other threads run; false when the time is over. `fds`: `(descriptor, events)` to wake for."""
    if ready():
        return True
    me = current
    if not can_switch and timeout is None and not fds:
        refuse(what)
    me.ready = ready
    me.fds = fds
    me.deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        now = time.monotonic()
        if me.pending is not None:
            error, me.pending = me.pending, None
            raise error
        if ready():
            return True
        if me.deadline is not None and now >= me.deadline:
            return False
        other = next((stack for stack in _waiting if stack.can_go_on(now)), None)
        if other is not None:
            resume(other)
            pause(me)
        elif _resumed:
            pause(me)
        else:
            wait_for_any([me, *_waiting], me)


def yield_now():
    """Lets another thread go on that can, and comes back in turn."""
    if is_alone():
        return
    me = current
    me.ready, me.deadline, me.fds = always, None, ()
    if not _resumed:
        now = time.monotonic()
        other = next((stack for stack in _waiting if stack.can_go_on(now)), None)
        if other is None:
            return
        resume(other)
    if can_switch:
        pause(me)


def always():
    return True


def wait_for_any(stacks, me):
    """Nothing can run: stops the worker until a descriptor, a time or a signal."""
    deadlines = [stack.deadline for stack in stacks if stack.deadline is not None]
    watched = [pair for stack in stacks for pair in stack.fds]
    if not deadlines and not watched:
        # As in CPython, a deadlock waits for a signal.
        timeout = 1000
    else:
        timeout = None if not deadlines else max(0, min(min(deadlines) - time.monotonic(), 1000)) * 1000
    poller = _poll_of_c()
    wanted = {}
    for fd, events in watched:
        wanted[fd] = wanted.get(fd, 0) | events
    for fd, events in wanted.items():
        poller.register(fd, events)
    try:
        poller.poll(None if timeout is None else int(timeout + 0.999))
    except KeyboardInterrupt as error:
        if me is main:
            raise
        # Belongs to the main thread, whoever was here when it came.
        main.pending = error


def browser_loop():
    global _browser_loop
    if _browser_loop is None:
        from pyodide.webloop import WebLoop

        _browser_loop = WebLoop()
    return _browser_loop


def pause(me):
    from asyncio import events
    from pyodide.ffi import run_sync

    global current
    me.loop = events._get_running_loop()
    _waiting.append(me)
    _verklet.host.pause(me.ident)
    # `run_sync` asks the browser's event loop for its future, whatever loop the program has.
    events._set_running_loop(browser_loop())
    run_sync(_verklet.host.paused)
    _resumed.discard(me)
    current = me
    events._set_running_loop(me.loop)


def resume(stack):
    _waiting.remove(stack)
    _resumed.add(stack)
    _verklet.host.resume(stack.ident)


def start(work):
    """Gives `work` a stack of its own, on which it begins when this one waits. Returns its identifier."""
    global _next
    stack = Stack(_next)
    _next += 1
    _resumed.add(stack)
    _verklet.host.startStack(lambda: run(stack, work))
    return stack.ident


def run(stack, work):
    from asyncio import events

    global current
    _resumed.discard(stack)
    current = stack
    events._set_running_loop(None)
    try:
        work()
    finally:
        hand_over(stack)


def hand_over(ended):
    """A thread's end: another goes on, as soon as one can."""
    while not _resumed:
        now = time.monotonic()
        other = next((stack for stack in _waiting if stack.can_go_on(now)), None)
        if other is not None:
            return resume(other)
        wait_for_any(_waiting, ended)


def refuse(what):
    from _verklet import boundary

    boundary.met(boundary.Finding("python.threads", what, "this browser cannot put a thread aside"))
    raise ThreadsNeedServer(f"{what} needs real threads, which need a server session (python.threads)")

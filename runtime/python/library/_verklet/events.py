"""CPython's own selector event loop in place of the browser's."""

import asyncio
import asyncio.events
import asyncio.selector_events
import asyncio.unix_events
import asyncio.base_events
import os
import signal
import sys

from _verklet import scheduler

CHILD_LOOK_SECONDS = 0.01


def install():
    from pyodide import webloop

    asyncio.run = webloop._orig_run
    sys.set_asyncgen_hooks(None, None)
    asyncio.events._set_running_loop(None)
    asyncio.events._event_loop_policy = asyncio.unix_events._DefaultEventLoopPolicy()
    if not scheduler.can_switch:
        asyncio.base_events.BaseEventLoop.run_in_executor = run_in_executor
    for name in ("_ThreadedChildWatcher", "_PidfdChildWatcher"):
        getattr(asyncio.unix_events, name).add_child_handler = add_child_handler
    if not hasattr(signal, "set_wakeup_fd"):
        signal.set_wakeup_fd = lambda fd, warn_on_full_buffer=True: -1


def add_child_handler(self, pid, callback, *args):
    """CPython waits in a thread; here the loop looks now and then."""
    loop = asyncio.get_running_loop()

    def look():
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            callback(pid, os.waitstatus_to_exitcode(status), *args)
        else:
            loop.call_later(CHILD_LOOK_SECONDS, look)

    loop.call_soon(look)


def run_in_executor(self, executor, function, *args):
    """There is one thread: the function runs now, and its result comes in the next turn."""
    self._check_closed()
    future = self.create_future()
    try:
        future.set_result(function(*args))
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        future.set_exception(error)
    return future

"""CPython's own selector event loop in place of the browser's."""

import asyncio
import asyncio.events
import asyncio.selector_events
import asyncio.unix_events
import asyncio.base_events
import signal
import sys


def install():
    from pyodide import webloop

    asyncio.run = webloop._orig_run
    sys.set_asyncgen_hooks(None, None)
    asyncio.events._set_running_loop(None)
    asyncio.events._event_loop_policy = asyncio.unix_events._DefaultEventLoopPolicy()
    asyncio.base_events.BaseEventLoop.run_in_executor = run_in_executor
    if not hasattr(signal, "set_wakeup_fd"):
        signal.set_wakeup_fd = lambda fd, warn_on_full_buffer=True: -1


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

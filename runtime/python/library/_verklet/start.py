"""Turns a restored interpreter into the process it is to be, runs its command line, and ends as CPython ends."""

import atexit
import gc
import json
import os
import random
import signal
import sys
import threading

import _verklet
from _verklet import command_line, patches, streams

SITE = "/lib/python3.14/site-packages"
#: Packages that pip installs without a virtual environment: part of the workspace, so they are kept and travel with it.
USER_BASE = "/workdir/.local"


def start(host, request_text):
    """Returns the exit status: a number, or the name of the signal that ended the program."""
    request = json.loads(request_text)
    _verklet.host = host
    prepare_environment(request["env"])
    patches.install(host, request)
    streams.open_standard(request["env"])
    random.seed()
    reset_imports(request["env"])
    # As CPython: Ctrl-C is an exception unless the program says otherwise.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    options = command_line.parse(request["argv"], request["env"])
    status = command_line.run(options)
    return finish(status)


def prepare_environment(env):
    os.environ.clear()
    os.environ.update(env)
    sys.executable = sys._base_executable = "/usr/bin/python3"


def reset_imports(env):
    virtual = env.get("VIRTUAL_ENV")
    version = "python%d.%d" % sys.version_info[:2]
    own = [entry for entry in sys.path if entry.startswith("/lib/")]
    sys.path[:] = [p for p in env.get("PYTHONPATH", "").split(":") if p] + own
    prefix = os.path.realpath(virtual) if virtual and os.path.exists(virtual + "/pyvenv.cfg") else None
    if prefix:
        sys.prefix = sys.exec_prefix = prefix
        sys.executable = prefix + "/bin/python"
        packages = f"{prefix}/lib/{version}/site-packages"
    else:
        packages = f"{USER_BASE}/lib/{version}/site-packages"
    sys.path_importer_cache.clear()
    import site

    site.USER_BASE = USER_BASE
    site.USER_SITE = f"{USER_BASE}/lib/{version}/site-packages"
    site.ENABLE_USER_SITE = prefix is None
    if os.path.isdir(packages):
        site.addsitedir(packages)


def finish(status):
    """What Py_Finalize does that a program can see: threads, exit functions, finalizers, the last bytes of output."""
    threading._shutdown()
    atexit._run_exitfuncs()
    status = flush(status)
    clear_main()
    return flush(status)


def flush(status):
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception as error:
            if stream is sys.stdout:
                streams.complain(f"Exception ignored while flushing sys.stdout:\n{type(error).__name__}: {error}\n")
                status = 120
    return status


def clear_main():
    """Objects of the program get their `__del__`, in the order in which CPython clears a module."""
    names = sys.modules["__main__"].__dict__
    for name in list(names):
        if name[:1] == "_" and name[1:2] != "_":
            names[name] = None
    for name in list(names):
        if name != "__builtins__":
            names[name] = None
    gc.collect()

"""Turns a restored interpreter into the process it is to be, runs its command line, and ends as CPython ends."""

import atexit
import gc
import json
import os
import random
import signal
import site
import sys
import threading

import _verklet
from _verklet import command_line, display, patches, pip_start, scheduler, streams

SITE = "/lib/python3.14/site-packages"
#: Packages that pip installs without a virtual environment: part of the workspace, so they are kept and travel with it.
USER_BASE = "/workdir/.local"


def start(host, request_text):
    """Returns the exit status: a number, or the name of the signal that ended the program."""
    request = json.loads(request_text)
    _verklet.host = host
    scheduler.can_switch = host.canSwitch()
    argv = request["argv"]
    if os.path.basename(argv[0]).startswith("pip"):
        argv = ["python3", "-m", "pip", *argv[1:]]
    elif len(argv) > 1 and "/python3.14/pip.whl" in argv[1]:
        # pip starts itself so for the requirements of a build.
        argv = ["python3", "-m", "pip", *argv[2:]]
    prepare_environment(request["env"])
    patches.install(host, request)
    streams.open_standard(request["env"])
    display.install()
    random.seed()
    reset_imports(request["env"], argv[0])
    # As CPython: Ctrl-C is an exception unless the program says otherwise.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    sys.dont_write_bytecode = False
    sys.orig_argv[:] = argv
    options = command_line.parse(argv, request["env"])
    installing = pip_start.is_pip(options)
    status = command_line.run(options, (lambda: pip_start.prepare(USER_BASE)) if installing else None)
    if installing:
        pip_start.report(status)
    return finish(status)


def prepare_environment(env):
    os.environ.clear()
    os.environ.update(env)
    sys.executable = sys._base_executable = "/usr/bin/python3"


def reset_imports(env, name):
    version = "python%d.%d" % sys.version_info[:2]
    own = [entry for entry in sys.path if entry.startswith("/lib/") and entry != pip_start.WHEEL]
    sys.path[:] = [p for p in env.get("PYTHONPATH", "").split(":") if p] + own
    prefix = find_virtual(env, name)
    user_packages = f"{USER_BASE}/lib/{version}/site-packages"
    if prefix:
        sys.prefix = sys.exec_prefix = prefix
        sys.executable = prefix + "/bin/python"
    sys.path_importer_cache.clear()
    site.USER_BASE = USER_BASE
    site.USER_SITE = user_packages
    site.ENABLE_USER_SITE = prefix is None
    packages = f"{prefix}/lib/{version}/site-packages" if prefix else user_packages
    if os.path.isdir(packages):
        site.addsitedir(packages)
    if env.get("PYTHONPATH"):
        # pip's build environments come this way.
        sys.modules.pop("sitecustomize", None)
        site.execsitecustomize()


def find_virtual(env, name):
    """The folder of the virtual environment this interpreter was started in, as CPython finds it by `pyvenv.cfg`."""
    if "/" in name:
        folder = os.path.dirname(os.path.dirname(os.path.abspath(name)))
        return folder if os.path.exists(folder + "/pyvenv.cfg") else None
    folder = env.get("VIRTUAL_ENV")
    first = env.get("PATH", "").partition(":")[0]
    if folder and first == folder + "/bin" and os.path.exists(folder + "/pyvenv.cfg"):
        return os.path.abspath(folder)
    return None


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
    if gc.isenabled():
        gc.collect()

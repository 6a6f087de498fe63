"""The shell that notebook code meets as `get_ipython()`: `!command`, `%magic`, and the few hooks that libraries use."""

import builtins
import os
import re
import subprocess
import sys

import _verklet

#: Set in a notebook's process.
shell = None

HELP = "Available are %pip, %cd, %pwd, %env, %time and %matplotlib; shell commands start with '!'."


class UsageError(Exception):
    """Shown without a traceback."""


class Events:
    """`post_execute` and its like, as IPython's `EventManager`."""

    def __init__(self):
        self.callbacks = {}

    def register(self, event, function):
        functions = self.callbacks.setdefault(event, [])
        if function not in functions:
            functions.append(function)

    def unregister(self, event, function):
        self.callbacks.get(event, []).remove(function)

    def trigger(self, event, *args):
        for function in list(self.callbacks.get(event, [])):
            function(*args)


class Shell:
    def __init__(self, namespace):
        self.user_ns = namespace
        self.events = Events()
        self.config = {}
        self.execution_count = 1

    def run_cell(self, source):
        exec(compile(source, "<run_cell>", "exec"), self.user_ns)

    def system(self, command):
        """Runs a command of the shell; its output goes into the cell as it comes."""
        status = run(["/bin/sh", "-c", self.expand(command)], sys.stdout.write)
        self.user_ns["_exit_code"] = status

    def getoutput(self, command):
        parts = []
        self.user_ns["_exit_code"] = run(["/bin/sh", "-c", self.expand(command)], parts.append)
        return "".join(parts).splitlines()

    def expand(self, command):
        """`{name}` and `$name` of variables of the notebook; everything else is the shell's."""

        def value(match):
            expression = match[1] or match[2]
            try:
                return str(eval(expression, self.user_ns))
            except Exception:
                # Not a name of the notebook: a variable or a brace of the shell.
                return match[0]

        return re.sub(r"\{([^{}\n]+)\}|\$([A-Za-z_]\w*)", value, command)

    def run_line_magic(self, name, line):
        magic = MAGICS.get(name)
        if magic is None:
            raise UsageError(f"The magic %{name} is not available here. {HELP}")
        return magic(self, line.strip())

    def run_cell_magic(self, name, line, cell):
        raise UsageError(f"Cell magics as %%{name} are not available here. {HELP}")

    def set_custom_exc(self, *arguments):
        return None


def run(argv, write):
    """Output of both streams as text while the program runs; an interrupt ends it, too."""
    sys.stdout.flush()
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    environment = {"PYTHONUNBUFFERED": "1", "COLUMNS": "80", **os.environ}
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    try:
        while chunk := process.stdout.read1(65536):
            write(decoder.decode(chunk))
        write(decoder.decode(b"", True))
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        process.stdout.close()


def pip(shell, line):
    import importlib
    import shlex
    import site

    status = run([sys.executable, "-m", "pip", "--disable-pip-version-check", *shlex.split(shell.expand(line))], sys.stdout.write)
    # The folder may be new, and what is in it is.
    packages = site.USER_SITE if site.ENABLE_USER_SITE else f"{sys.prefix}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    if os.path.isdir(packages) and packages not in sys.path:
        site.addsitedir(packages)
    importlib.invalidate_caches()
    if status:
        raise UsageError(f"pip ended with code {status}")


def cd(shell, line):
    os.chdir(os.path.expanduser(shell.expand(line).strip("'\"") or "~"))
    print(os.getcwd())


def env(shell, line):
    name, separator, value = line.partition("=" if "=" in line else " ")
    if not line:
        return dict(os.environ)
    if not separator:
        return os.environ.get(name)
    os.environ[name.strip()] = shell.expand(value.strip())
    print(f"env: {name.strip()}={value.strip()}")


def timed(shell, line):
    import time

    started = time.perf_counter()
    try:
        value = eval(line, shell.user_ns)
    except SyntaxError:
        value = exec(line, shell.user_ns)
    print(f"Wall time: {(time.perf_counter() - started) * 1000:.3g} ms")
    return value


def matplotlib(shell, line):
    if line not in ("", "inline", "agg"):
        raise UsageError(f"%matplotlib {line} needs a window; figures are drawn into the notebook (%matplotlib inline).")


MAGICS = {
    "pip": pip,
    "cd": cd,
    "pwd": lambda shell, line: os.getcwd(),
    "env": env,
    "time": timed,
    "matplotlib": matplotlib,
}


def install(namespace):
    global shell
    shell = Shell(namespace)
    builtins.get_ipython = lambda: shell
    return shell

"""CPython's command line: options, what to run, tracebacks and exit codes. Mirrors Modules/main.c."""

import io
import linecache
import os
import runpy
import signal
import sys
import types
import warnings

import _verklet
from _verklet import boundary, streams

USAGE = "usage: {} [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python3 -h' for more information.\n"
HELP = """usage: {} [option] ... [-c cmd | -m mod | file | -] [arg] ...
Options (and corresponding environment variables):
-b     : issue warnings about converting bytes/bytearray to str
-B     : don't write .pyc files on import; also PYTHONDONTWRITEBYTECODE=x
-c cmd : program passed in as string (terminates option list)
-E     : ignore PYTHON* environment variables
-h     : print this help message and exit
-i     : inspect interactively after running script
-I     : isolate Python from the user's environment
-m mod : run library module as a script (terminates option list)
-O     : remove assert and __debug__-dependent statements
-P     : don't prepend a potentially unsafe path to sys.path
-q     : don't print version and copyright messages on interactive startup
-u     : force the stdout and stderr streams to be unbuffered
-V     : print the Python version number and exit
-W arg : warning control; also PYTHONWARNINGS=arg
-x     : skip first line of source
-X opt : set implementation-specific option
file   : program read from script file
-      : program read from stdin (default; interactive mode if a tty)
arg ...: arguments passed to program in sys.argv[1:]
"""
#: Options that are letters on their own; what they do beyond the letters handled here, a plain boot did.
LETTERS = "bBdEiIOPqRsSuvx"


class Options:
    def __init__(self):
        self.command = None
        self.module = None
        self.file = None
        self.argv = [""]
        self.letters = ""
        self.warnings = []
        self.complaint = None
        self.answer = None


def parse(argv, env):
    options = Options()
    name = argv[0] if argv else "python3"
    index = 1
    while index < len(argv):
        argument = argv[index]
        if argument == "-" or not argument.startswith("-"):
            break
        index += 1
        if argument == "--version":
            options.answer = version(False)
            return options
        if argument == "--help":
            options.answer = HELP.format(name)
            return options
        if argument.startswith("--"):
            if argument in ("--check-hash-based-pycs",):
                index += 1
                continue
            if argument in ("--help-all", "--help-env", "--help-xoptions"):
                options.answer = HELP.format(name)
                return options
            options.complaint = f"unknown option {argument}\n{USAGE.format(name)}"
            return options
        at = 1
        while at < len(argument):
            letter = argument[at]
            at += 1
            if letter in "cmWX":
                value = argument[at:]
                if not value:
                    if index >= len(argv):
                        options.complaint = f"Argument expected for the -{letter} option\n{USAGE.format(name)}"
                        return options
                    value = argv[index]
                    index += 1
                if letter == "c":
                    options.command = value
                    options.argv = ["-c", *argv[index:]]
                    return options
                if letter == "m":
                    options.module = value
                    options.argv = ["-m", *argv[index:]]
                    return options
                if letter == "W":
                    options.warnings.append(value)
                break
            if letter in "h?":
                options.answer = HELP.format(name)
                return options
            if letter == "V":
                options.answer = version(argument.count("V") > 1)
                return options
            if letter not in LETTERS:
                options.complaint = f"Unknown option: -{letter}\n{USAGE.format(name)}"
                return options
            options.letters += letter
    rest = argv[index:]
    if rest and rest[0] != "-":
        options.file = rest[0]
    if rest:
        options.argv = rest
    return options


def version(is_long):
    return f"Python {sys.version if is_long else sys.version.split()[0]}\n"


def run(options, prepare=None):
    if options.complaint is not None:
        streams.complain(options.complaint)
        return 2
    if options.answer is not None:
        sys.stdout.write(options.answer)
        return 0
    if "u" in options.letters:
        streams.open_standard(os.environ, unbuffered=True)
    if "B" in options.letters or os.environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.dont_write_bytecode = True
    # Set even when empty: `warnings` reads the environment only where CPython itself started with it.
    wanted = [w for w in os.environ.get("PYTHONWARNINGS", "").split(",") if w] + options.warnings
    if wanted:
        sys.warnoptions[:] = wanted
        warnings._processoptions(wanted)
    sys.argv[:] = options.argv
    status = guarded(lambda: run_chosen(options, prepare))
    if ("i" in options.letters or os.environ.get("PYTHONINSPECT")) and (options.command or options.module or options.file):
        from _verklet import repl

        status = guarded(lambda: repl.interact(sys.modules["__main__"], banner=False))
    return status


def run_chosen(options, prepare=None):
    main = fresh_main()
    if prepare is not None:
        prepare()
    else:
        boundary.check(options)
    safe_path = any(letter in options.letters for letter in "IP") or bool(os.environ.get("PYTHONSAFEPATH"))
    if options.command is not None:
        if not safe_path:
            sys.path.insert(0, "")
        return run_text(options.command + "\n", "<string>", main)
    if options.module is not None:
        if not safe_path:
            sys.path.insert(0, os.getcwd())
        # It is there because of the snapshot, not because the program imported it.
        if not hasattr(sys.modules.get(options.module), "__path__"):
            sys.modules.pop(options.module, None)
        return runpy._run_module_as_main(options.module)
    if options.file is not None:
        return run_file(options, main, safe_path)
    if not safe_path:
        sys.path.insert(0, "")
    if sys.stdin is not None and sys.stdin.isatty():
        from _verklet import repl

        return repl.interact(main, banner="q" not in options.letters)
    source = sys.stdin.buffer.read() if sys.stdin is not None else b""
    return run_text(source, "<stdin>", main)


def fresh_main():
    main = types.ModuleType("__main__")
    main.__builtins__ = __builtins__ if isinstance(__builtins__, types.ModuleType) else sys.modules["builtins"]
    from importlib.machinery import BuiltinImporter

    main.__loader__ = BuiltinImporter
    main.__annotations__ = {}
    del main.__annotations__
    sys.modules["__main__"] = main
    return main


def run_text(source, name, main):
    code = compile(source, name, "exec", dont_inherit=True)
    if isinstance(source, str) and hasattr(linecache, "_register_code"):
        linecache._register_code(code, source, name)
    exec(code, main.__dict__)


def run_file(options, main, safe_path):
    path = options.file
    if os.path.isdir(path) or is_archive(path):
        sys.path.insert(0, path)
        return runpy._run_module_as_main("__main__", False)
    try:
        with io.open_code(os.path.abspath(path)) as file:
            source = file.read()
    except OSError as error:
        # Linux's numbers: Emscripten has others.
        number = {44: 2, 2: 13, 31: 21, 54: 20, 32: 40}.get(error.errno, error.errno)
        streams.complain(f"python3: can't open file {os.path.abspath(path)!r}: [Errno {number}] {error.strerror}\n")
        raise SystemExit(2)
    if "x" in options.letters:
        source = b"\n" + source.partition(b"\n")[2]
    if not safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    path = os.path.abspath(path)
    main.__file__ = path
    main.__cached__ = None
    from importlib.machinery import SourceFileLoader, SourcelessFileLoader

    if path.endswith(".pyc"):
        main.__loader__ = SourcelessFileLoader("__main__", path)
        code = main.__loader__.get_code("__main__")
    else:
        main.__loader__ = SourceFileLoader("__main__", path)
        code = compile(source, path, "exec", dont_inherit=True)
    exec(code, main.__dict__)


def is_archive(path):
    if not os.path.isfile(path):
        return False
    import zipimport

    try:
        zipimport.zipimporter(path)
    except zipimport.ZipImportError:
        return False
    return True


def guarded(work):
    """Runs to an exit status, showing what was raised as CPython does."""
    try:
        work()
        return 0
    except SystemExit as stop:
        return exit_status(stop)
    except BaseException as error:
        return show(error)


def exit_status(stop):
    code = stop.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    flush_quietly(sys.stdout)
    try:
        print(code, file=sys.stderr)
    except Exception:
        # As CPython: a message that cannot be shown does not change the exit.
        pass
    return 1


def show(error):
    flush_quietly(sys.stdout)
    if isinstance(error, ModuleNotFoundError):
        boundary.import_failed(error)
    traceback = error.__traceback__
    while traceback is not None and is_own(traceback):
        traceback = traceback.tb_next
    error.__traceback__ = traceback
    sys.last_exc, sys.last_type, sys.last_value, sys.last_traceback = error, type(error), error, traceback
    hook = sys.excepthook
    try:
        hook(type(error), error, traceback)
    except SystemExit as stop:
        return exit_status(stop)
    except BaseException as second:
        streams.complain("Error in sys.excepthook:\n")
        sys.__excepthook__(type(second), second, second.__traceback__.tb_next if second.__traceback__ else None)
        streams.complain("\nOriginal exception was:\n")
        sys.__excepthook__(type(error), error, traceback)
    flush_quietly(sys.stderr)
    if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        return "SIGINT"
    return 1


def is_own(traceback):
    return traceback.tb_frame.f_code.co_filename.startswith(_verklet.OWN_FILES)


def flush_quietly(stream):
    try:
        stream.flush()
    except Exception:
        # Said again, and counted, when the process ends.
        pass

"""The interactive interpreter: CPython's own, with its history, multi-line editing and completion where there is a terminal."""

import os
import sys


def interact(main, banner=True):
    if banner:
        # The compiler's address and commit are longer than a line.
        print(f"Python {sys.version.partition(' (https')[0]} on {sys.platform}", file=sys.stderr)
        print('Type "help", "copyright", "credits" or "license" for more information.', file=sys.stderr)
    os.environ.setdefault("TERM", "xterm-256color")
    if os.environ.get("PYTHON_BASIC_REPL") or not sys.stdin.isatty():
        sys._baserepl()
        return
    # Decides whether it can be used when it is imported: only now are the streams this process's own.
    sys.modules.pop("_pyrepl.main", None)
    from _pyrepl.main import interactive_console

    show_pictures()

    interactive_console(main, quiet=not banner, pythonstartup=True)


def show_pictures():
    """A value with a picture is printed, as always, and shown in the output panel."""
    from _verklet import display

    printing = sys.displayhook

    def hook(value):
        printing(value)
        if value is not None:
            display.show_rich(value)

    sys.displayhook = hook

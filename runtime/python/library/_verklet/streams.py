"""Standard streams as CPython makes them at its start, over this process's descriptors."""

import io
import os
import sys


def open_standard(env, unbuffered=None):
    unbuffered = bool(env.get("PYTHONUNBUFFERED")) if unbuffered is None else unbuffered
    encoding, _, errors = env.get("PYTHONIOENCODING", "").partition(":")
    encoding = encoding or "utf-8"
    sys.stdin = sys.__stdin__ = make(0, "r", "<stdin>", encoding, errors or "surrogateescape", unbuffered)
    sys.stdout = sys.__stdout__ = make(1, "w", "<stdout>", encoding, errors or "surrogateescape", unbuffered)
    sys.stderr = sys.__stderr__ = make(2, "w", "<stderr>", encoding, "backslashreplace", unbuffered)


def make(fd, mode, name, encoding, errors, unbuffered):
    try:
        raw = io.FileIO(fd, mode, closefd=False)
    except OSError:
        return None
    raw.name = name
    writing = mode == "w"
    buffer = raw if writing and unbuffered else io.BufferedWriter(raw) if writing else io.BufferedReader(raw)
    text = io.TextIOWrapper(
        buffer,
        encoding=encoding,
        errors=errors,
        newline="\n",
        line_buffering=fd == 2 or raw.isatty(),
        write_through=writing and unbuffered,
    )
    text.mode = mode
    return text


def complain(text):
    """To standard error whatever the program did to `sys.stderr`."""
    try:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError:
        # Nobody reads standard error any more: there is nowhere left to say it.
        pass

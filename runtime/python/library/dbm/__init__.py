"""`dbm` with its one portable backend: this build of Python leaves the package out. Files are this module's own."""

from . import dumb
from .dumb import error

__all__ = ["error", "open", "whichdb"]


def open(file, flag="r", mode=0o666):
    return dumb.open(file, "c" if flag in ("c", "n") else flag, mode, truncate=flag == "n")


def whichdb(filename):
    import os

    return "dbm.dumb" if os.path.exists(os.fspath(filename) + ".dat") else None

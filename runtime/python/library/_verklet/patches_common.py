"""Shared by the patches."""

import os


def raise_errno(result, *names):
    """A negative number from the host as the exception CPython raises for it."""
    if result < 0:
        raise OSError(-result, os.strerror(-result), *names)
    return result

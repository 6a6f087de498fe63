"""Stands in for IPython where it is not installed: `display` and what belongs to it, and the shell of a notebook."""

import _verklet.session_shell
import IPython.display  # noqa: F401

version_info = (9, 0, 0, "")
__version__ = "9.0.0"


def get_ipython():
    """The notebook's shell; None in an ordinary program."""
    return _verklet.session_shell.shell

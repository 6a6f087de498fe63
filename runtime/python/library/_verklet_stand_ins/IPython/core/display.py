"""The old place of `IPython.display`."""

from IPython.display import *  # noqa: F401, F403

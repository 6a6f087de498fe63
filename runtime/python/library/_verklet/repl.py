"""The interactive interpreter."""

import code
import sys


def interact(names, banner=True):
    console = code.InteractiveConsole(names, filename="<stdin>")
    console.interact("" if not banner else None, exitmsg="")

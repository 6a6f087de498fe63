"""The Python half of Verklet's Python process: starts programs and puts the system layer behind the standard library.

Everything here is imported when the memory snapshot is made, long before a process exists: `host` is set after the restore.
"""

#: The JavaScript half; see runtime/python/host-api.ts.
host = None

#: Where these sources live: their frames are not shown in tracebacks.
OWN_FILES = __file__.rpartition("/")[0] + "/"

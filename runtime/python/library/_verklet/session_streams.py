"""The standard streams of a session: lines of JSON for the other side, outputs of the cell, and no input but by asking."""

import io
import json
import os

from _verklet.mime import json_text

#: Text without a line end is held back until this much, a flush, or the end of the cell.
HELD_CHARACTERS = 4096


class Channel:
    """Takes the process's own standard input and output for itself, so that children and `print` cannot disturb it."""

    def __init__(self):
        self.fd = os.dup(0)
        self.output = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        # What a child writes without being asked to is shown as it comes.
        os.dup2(2, 1)
        self.received = b""

    def send(self, message):
        data = (json_text(message) + "\n").encode("ascii")
        while data:
            data = data[os.write(self.output, data) :]

    def has_line(self):
        return b"\n" in self.received

    def receive(self):
        """The next message, or None when the other side is gone."""
        while not self.has_line():
            chunk = os.read(self.fd, 65536)
            if not chunk:
                return None
            self.received += chunk
        line, _, self.received = self.received.partition(b"\n")
        return json.loads(line)


class CellOutput(io.TextIOBase):
    encoding = "utf-8"
    errors = "backslashreplace"
    line_buffering = True

    def __init__(self, session, name):
        self.session = session
        self.name = f"<{name}>"
        self.stream = name
        self.held = []
        self.size = 0
        self.buffer = CellBytes(self)

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return 1 if self.stream == "stdout" else 2

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self.held.append(text)
            self.size += len(text)
            if "\n" in text or self.stream == "stderr" or self.size > HELD_CHARACTERS:
                self.flush()
        return len(text)

    def flush(self):
        if not self.held:
            return
        text = "".join(self.held)
        self.held.clear()
        self.size = 0
        self.session.send({"type": "stream", "id": self.session.cell, "stream": self.stream, "text": text})


class CellBytes(io.RawIOBase):
    """`sys.stdout.buffer`."""

    def __init__(self, text):
        self.text = text

    def writable(self):
        return True

    def write(self, data):
        self.text.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self):
        self.text.flush()


class CellInput(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, session):
        self.session = session
        self.name = "<stdin>"

    def readable(self):
        return True

    def fileno(self):
        return 0

    def readline(self, size=-1):
        return self.session.ask() + "\n"

    def read(self, size=-1):
        return self.readline()

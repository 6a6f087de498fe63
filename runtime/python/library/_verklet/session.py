"""A long-lived interpreter that a program talks to: cells in, their outputs back, as lines of JSON over its standard streams.

What a child of it writes goes to standard error, which the other side shows as output of the cell that runs. The messages
are described in runtime/sdk/python-session-messages.ts.
"""

import ast
import asyncio
import builtins
import inspect
import json
import linecache
import os
import signal
import sys
import traceback
import types

import _verklet
from _verklet import display, mime, session_completion, session_shell, session_source
from _verklet.session_streams import CellInput, CellOutput, Channel

CELL_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Session:
    def __init__(self, channel):
        self.channel = channel
        self.waiting = []
        self.is_running = False
        self.cell = None
        self.main = types.ModuleType("__main__")
        self.names = self.main.__dict__
        self.names["__builtins__"] = builtins
        sys.modules["__main__"] = self.main
        sys.path.insert(0, "")
        sys.argv[:] = [""]
        self.shell = session_shell.install(self.names)
        self.names.update({"In": [""], "Out": {}, "_": "", "__": "", "display": display.display, "get_ipython": builtins.get_ipython})
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.out, self.err = CellOutput(self, "stdout"), CellOutput(self, "stderr")
        sys.stdout, sys.stderr, sys.stdin = self.out, self.err, CellInput(self)
        builtins.input = self.ask
        self.asyncio_run = asyncio.run
        asyncio.run = self.run_apart
        display.send = self.show
        sys.displayhook = self.show_result
        signal.signal(signal.SIGINT, self.interrupted)

    def serve(self):
        self.send({"type": "ready", "version": sys.version.split()[0]})
        while True:
            message = self.waiting.pop(0) if self.waiting else self.next_message()
            if message is None:
                return
            self.perform(message)

    def next_message(self):
        """Background tasks of earlier cells go on until somebody asks for something."""
        if self.channel.has_line() or not asyncio.all_tasks(self.loop):
            return self.channel.receive()
        arrived = asyncio.Event()
        self.loop.add_reader(self.channel.fd, arrived.set)
        try:
            self.loop.run_until_complete(arrived.wait())
        finally:
            self.loop.remove_reader(self.channel.fd)
        return self.channel.receive()

    def perform(self, message):
        kind = message["type"]
        if kind == "execute":
            self.execute(message["id"], message["code"])
        elif kind == "complete":
            text = message["code"]
            try:
                start, items = session_completion.complete(self.names, text, len(text))
            except Exception:
                # A `__getattr__` or `__dir__` of the program failed: there is nothing to offer.
                start, items = len(text), []
            self.send({"type": "completed", "id": message["id"], "length": len(text) - start, "items": items})

    def send(self, message):
        self.channel.send(message)

    def show(self, event):
        self.flush()
        self.send({"id": self.cell, **event})

    def flush(self):
        self.out.flush()
        self.err.flush()

    def execute(self, cell, code):
        self.cell = cell
        count = self.shell.execution_count
        self.names["In"].append(code)
        self.send({"type": "started", "id": cell, "count": count})
        outcome = "ok"
        self.is_running = True
        try:
            self.shell.events.trigger("pre_run_cell", None)
            self.run(code, f"<cell {count}>")
            self.show_figures()
        except KeyboardInterrupt as error:
            outcome = "interrupted"
            self.show_error(error)
        except BaseException as error:
            outcome = "error"
            self.show_error(error)
        finally:
            self.is_running = False
        try:
            self.shell.events.trigger("post_execute")
            self.shell.events.trigger("post_run_cell", None)
        except Exception as error:
            self.show_error(error)
        self.flush()
        self.shell.execution_count = count + 1
        self.send({"type": "finished", "id": cell, "outcome": outcome, "cwd": os.getcwd()})
        self.cell = None

    def run(self, code, name):
        source = session_source.transform(code)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not is_silenced(source):
            last = ast.Expression(tree.body.pop().value)
        self.evaluate(compile(tree, name, "exec", CELL_FLAGS, dont_inherit=True))
        if last is not None:
            sys.displayhook(self.evaluate(compile(last, name, "eval", CELL_FLAGS, dont_inherit=True)))

    def evaluate(self, code):
        if not code.co_flags & inspect.CO_COROUTINE:
            # As in Jupyter, a cell may start tasks: they run when it is over.
            asyncio._set_running_loop(self.loop)
            try:
                return eval(code, self.names)
            finally:
                asyncio._set_running_loop(None)
        value = eval(code, self.names)
        task = self.loop.create_task(value)
        try:
            return self.loop.run_until_complete(task)
        except KeyboardInterrupt:
            task.cancel()
            self.loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            raise

    def run_apart(self, main, **options):
        """`asyncio.run()`, which Jupyter refuses: a loop of its own while the cell's is not at work."""
        if self.loop.is_running():
            return self.asyncio_run(main, **options)
        asyncio._set_running_loop(None)
        try:
            return self.asyncio_run(main, **options)
        finally:
            # Runner forgets the loop that was set before it.
            asyncio.set_event_loop(self.loop)
            asyncio._set_running_loop(self.loop)

    def show_result(self, value):
        if value is None:
            return
        count = self.shell.execution_count
        self.names["__"], self.names["_"] = self.names["_"], value
        self.names["Out"][count] = self.names[f"_{count}"] = value
        shown = getattr(value, "_ipython_display_", None)
        if callable(shown) and not isinstance(value, type):
            shown()
            return
        data, metadata = mime.bundle_of(value)
        self.show({"type": "result", "data": data, "metadata": metadata, "count": count})

    def show_figures(self):
        """As notebooks do: what pyplot holds at the end of a cell is part of its output."""
        plots = sys.modules.get("_verklet.plots")
        if plots is not None:
            plots.show()

    def show_error(self, error):
        self.flush()
        if isinstance(error, session_shell.UsageError):
            lines = [str(error)]
        elif isinstance(error, SystemExit):
            lines = [f"SystemExit: {error.code}", "The interpreter goes on; restart it to begin anew."]
        else:
            lines = own_traceback(error)
            sys.last_exc = error
        message = {"type": "error", "name": type(error).__name__, "message": str(error), "traceback": lines}
        self.send({"id": self.cell, **message})

    def ask(self, prompt="", is_secret=False):
        """`input()`: the other side asks the person."""
        if self.cell is None:
            raise RuntimeError("input() works while a cell runs")
        self.flush()
        self.send({"type": "ask", "id": self.cell, "prompt": str(prompt), "isSecret": is_secret})
        while True:
            message = self.channel.receive()
            if message is None:
                raise EOFError
            if message["type"] != "answer":
                self.waiting.append(message)
            elif message["text"] is None:
                raise EOFError("nobody answers input() here")
            else:
                return message["text"]

    def interrupted(self, number, frame):
        if self.is_running:
            raise KeyboardInterrupt


def is_silenced(source):
    """A last line that ends in a semicolon shows no value."""
    import io
    import tokenize

    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER, tokenize.DEDENT):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"


def own_traceback(error):
    """As CPython prints it, in colours, from the first frame that is the cell's."""
    start = error.__traceback__
    while start is not None and start.tb_frame.f_code.co_filename.startswith(_verklet.OWN_FILES):
        start = start.tb_next
    if isinstance(error, SyntaxError) and start is not None and start.tb_frame.f_code.co_filename.endswith("/ast.py"):
        start = None
    shown = traceback.TracebackException(type(error), error, start, compact=True)
    text = "".join(shown.format(colorize=True))
    return text.rstrip("\n").split("\n")


def main():
    channel = Channel()
    session = Session(channel)
    import getpass

    getpass.getpass = lambda prompt="Password: ", stream=None: session.ask(prompt, True)
    session.serve()

"""Looks into a program before it runs for what the tab cannot do, and moves it to a server session where there is one.

In order: the command, the requirements a script names, its source and that of the modules beside it, and last what a running
program meets (`met`). Each finding has a code of `boundary_table`.
"""

import ast
import json
import os
import re
import sys

import _verklet
from _verklet import boundary_table as table
from _verklet import streams

#: Bounds of one look: a program is read, not a library.
MAX_FILES = 40
MAX_BYTES = 1_000_000

_triggers = re.compile(
    rb"\b(?:fork|forkpty|multiprocessing|ProcessPoolExecutor|CDLL|PyDLL|LoadLibrary|SharedMemory|pty|"
    + "|".join(sorted({*table.IMPORTS, *table.NATIVE})).encode()
    + rb")\b"
)
_imports = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\.*[\w.]*)", re.MULTILINE)
_script_block = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_requirement_name = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")


class Finding:
    def __init__(self, code, subject, because):
        self.code = code
        self.subject = subject
        self.because = because

    @property
    def needs_server(self):
        return self.code != table.MISSING

    def sentence(self):
        return f"{self.subject} needs a server session: {self.because} ({self.code})"


def check(options):
    """Before the program starts. With a server session at hand this does not return where something was found."""
    finding = next((found for found in look(options) if found.needs_server), None)
    if finding is None:
        return
    met(finding)
    if sys.stderr is not None and sys.stderr.isatty():
        streams.complain(f"python3: {finding.sentence()}; it runs in the tab until it gets there.\n")


def met(finding):
    """What was met, now. Does not return where the program may start anew on a server: it has shown and changed nothing yet."""
    if _verklet.host.isUntouched():
        _verklet.host.promote(finding.code, finding.subject, finding.because)
    _verklet.host.reportBoundary(finding.code, f"{finding.subject}: {finding.because}")


def look(options):
    """Everything found, the surest first."""
    if options.module is not None:
        return look_at_module(options)
    if options.command is not None:
        return scan(options.command.encode(), "the program", os.getcwd())
    if options.file is None:
        return []
    name = os.path.basename(options.file)
    if name in table.TOOLS:
        return [Finding(table.TOOL, name, table.TOOLS[name])]
    path = os.path.join(options.file, "__main__.py") if os.path.isdir(options.file) else options.file
    source = read(path)
    if source is None:
        return []
    return [*look_at_requirements(source, name), *scan(source, name, os.path.dirname(os.path.abspath(path)))]


def look_at_module(options):
    top = options.module.partition(".")[0]
    if top in table.TOOLS:
        return [Finding(table.TOOL, top, table.TOOLS[top])]
    folder = os.getcwd()
    for path in (f"{options.module.replace('.', '/')}.py", f"{options.module.replace('.', '/')}/__main__.py"):
        source = read(os.path.join(folder, path))
        if source is not None:
            return scan(source, options.module, folder)
    return []


def read(path):
    try:
        if os.path.getsize(path) > MAX_BYTES:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        # The program's own start says that it cannot be read.
        return None


def look_at_requirements(source, name):
    """PEP 723: what the script says it needs."""
    if b"# /// script" not in source:
        return []
    block = _script_block.search(source.decode("utf-8", "replace"))
    if block is None:
        return []
    text = "".join(line[2:] if line.startswith("# ") else line[1:] for line in block.group("content").splitlines(keepends=True))
    import tomllib

    try:
        wanted = tomllib.loads(text).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        # A comment for CPython; only tools read it.
        return []
    found = [native_requirement(requirement) for requirement in wanted]
    missing = [requirement for requirement, native in zip(wanted, found) if native is None and not is_installed(requirement)]
    if missing:
        because = f"{name} wants {', '.join(missing)}; install with: pip install {' '.join(missing)}"
        found.append(Finding(table.MISSING, name, because))
    return [finding for finding in found if finding is not None]


def distribution_of(requirement):
    match = _requirement_name.match(requirement)
    return re.sub(r"[-_.]+", "-", match.group(1)).lower() if match else ""


def native_requirement(requirement):
    name = distribution_of(requirement)
    if name not in table.NATIVE_DISTRIBUTIONS or is_installed(name):
        return None
    return Finding(*unpack(name, table.native(name)))


def unpack(subject, reason):
    code, because = reason
    return code, subject, because


def is_installed(requirement):
    import importlib.metadata

    try:
        importlib.metadata.distribution(distribution_of(requirement))
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def scan(source, name, folder):
    """Findings in a source and in the modules beside it that it imports, directly or not."""
    found = []
    queue = [(source, name)]
    seen = set()
    while queue and len(seen) <= MAX_FILES:
        text, title = queue.pop(0)
        if _triggers.search(text):
            found += scan_source(text, title)
        for match in _imports.finditer(text):
            module = match.group(1).decode().strip(".").replace(".", "/")
            for path in (f"{folder}/{module}.py", f"{folder}/{module}/__init__.py"):
                if module and path not in seen and os.path.isfile(path):
                    seen.add(path)
                    beside = read(path)
                    if beside is not None:
                        queue.append((beside, os.path.relpath(path, folder)))
    return found


def scan_source(text, title):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        # The program's own start says so.
        return []
    visitor = Visitor(title)
    visitor.visit(tree)
    return visitor.found


class Visitor(ast.NodeVisitor):
    """Follows names of imports to what is called. What a program can do without (`except ImportError`) is not looked at."""

    def __init__(self, title):
        self.title = title
        self.names = {}
        self.found = []

    def visit_Import(self, node):
        for alias in node.names:
            self.imported(alias.name)
            self.names[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]

    def visit_ImportFrom(self, node):
        if node.level or node.module is None:
            return
        self.imported(node.module)
        for alias in node.names:
            self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Try(self, node):
        if not any(catches_import(handler.type) for handler in node.handlers):
            for child in node.body:
                self.visit(child)
        for child in [*node.handlers, *node.orelse, *node.finalbody]:
            self.visit(child)

    def visit_If(self, node):
        test = node.test
        name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
        if name != "TYPE_CHECKING":
            for child in node.body:
                self.visit(child)
        self.visit(test)
        for child in node.orelse:
            self.visit(child)

    def visit_Call(self, node):
        name = self.dotted(node.func)
        if name in table.CALLS:
            self.add(name, table.CALLS[name])
        elif name in table.LIBRARY_CALLS and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            self.add(node.args[0].value, (table.NATIVE_LIBRARY, f"{self.title} loads a library that is compiled for Linux"))
        self.generic_visit(node)

    def imported(self, module):
        top = module.partition(".")[0]
        if top in table.IMPORTS and not exists(top):
            self.add(top, table.IMPORTS[top])
        elif top in table.NATIVE and not exists(top):
            self.add(table.NATIVE[top], table.native(top))

    def dotted(self, node):
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            inner = self.dotted(node.value)
            return f"{inner}.{node.attr}" if inner else ""
        return ""

    def add(self, subject, reason):
        self.found.append(Finding(*unpack(subject, reason)))


def catches_import(kind):
    if kind is None:
        return True
    if isinstance(kind, ast.Tuple):
        return any(catches_import(element) for element in kind.elts)
    name = kind.id if isinstance(kind, ast.Name) else getattr(kind, "attr", "")
    return name in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def exists(module):
    import importlib.util

    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def import_failed(error):
    """A program ends because a module is missing: was it one that the tab cannot have?"""
    name = (error.name or "").partition(".")[0]
    reason = table.IMPORTS.get(name)
    if reason is None and name in table.NATIVE:
        reason, name = table.native(name), table.NATIVE[name]
    if reason is not None:
        met(Finding(*unpack(name, reason)))


def main(argv):
    """`python3 -m _verklet.boundary COMMAND LINE`: the first finding as JSON, for `runtime.explain`."""
    from _verklet import command_line, pip_look

    if os.path.basename(argv[0]).startswith("pip"):
        argv = ["python3", "-m", "pip", *argv[1:]]
    options = command_line.parse(argv, os.environ)
    found = pip_look.look(options.argv) if options.module == "pip" else look(options)
    print(json.dumps([vars(finding) for finding in found[:10]]))


if __name__ == "__main__":
    # The module of the snapshot, not the copy that `-m` makes.
    from _verklet import boundary

    boundary.main(sys.argv[1:])

"""A cell's text as Python: `!command`, `%magic` and `name?` become calls, where they are not part of a valid program."""

import ast
import re

MAGIC = re.compile(r"^(?P<indent>\s*)(?:(?P<target>[\w.,\s\[\]'\"]+?)\s*=\s*)?(?P<kind>[!%])(?P<rest>(?!%).*)$")
HELP = re.compile(r"^(?P<indent>\s*)(?P<name>[A-Za-z_][\w.]*)\?{1,2}\s*$")
CELL_MAGIC = re.compile(r"^%%(\w+)[ \t]*(.*)\n?", re.ASCII)


def transform(source):
    """Valid Python, or text whose compilation raises the error of its first wrong line."""
    magic = CELL_MAGIC.match(source.lstrip())
    if magic:
        return f"get_ipython().run_cell_magic({magic[1]!r}, {magic[2]!r}, {source.lstrip()[magic.end() :]!r})"
    lines = source.split("\n")
    # The parser says where a program ends to be one: only such a line can be a command, so strings are safe.
    for _ in range(len(lines)):
        text = "\n".join(lines)
        try:
            ast.parse(text)
            return text
        except SyntaxError as error:
            index = (error.lineno or 0) - 1
            if not 0 <= index < len(lines):
                return text
            changed = command_call(lines, index)
            if not changed:
                return text
        except ValueError:
            # A null character: compile() says so, too.
            return text
    return "\n".join(lines)


def command_call(lines, index):
    """Replaces a command, which goes on after a backslash; the number of lines stays, so that tracebacks are right."""
    found = HELP.match(lines[index])
    if found:
        lines[index] = f"{found['indent']}help({found['name']})"
        return True
    found = MAGIC.match(lines[index])
    if not found:
        return False
    rest, last = found["rest"], index
    while rest.endswith("\\") and last + 1 < len(lines):
        last += 1
        rest = rest[:-1] + lines[last]
    if found["kind"] == "!":
        call = f"get_ipython().{'getoutput' if found['target'] else 'system'}({rest.lstrip('!')!r})"
    else:
        name, _, line = rest.partition(" ")
        call = f"get_ipython().run_line_magic({name!r}, {line!r})"
    target = f"{found['target'].strip()} = " if found["target"] else ""
    lines[index] = f"{found['indent']}{target}{call}"
    lines[index + 1 : last + 1] = [""] * (last - index)
    return True

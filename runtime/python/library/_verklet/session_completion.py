"""Completion from the running interpreter: names and attributes that are there, modules that can be imported."""

import inspect
import keyword
import re
import rlcompleter

MAX_ITEMS = 500
WORD = re.compile(r"[\w.]*$")
IMPORT = re.compile(r"^\s*(?:from\s|import\s)")


class Completer(rlcompleter.Completer):
    def _callable_postfix(self, value, word):
        return word


def complete(namespace, text, at):
    """`(from, items)`: offsets in code points; an item has a label and what it is."""
    line = text[:at].rpartition("\n")[2]
    word = WORD.search(line)[0]
    if line.lstrip().startswith("%") and "%" == line.lstrip()[0] and " " not in line.strip():
        return magics(line, at)
    if IMPORT.match(line):
        found = modules(line)
        if found is not None:
            return at - len(word) + word.rfind(".") + 1, found
    completer = Completer(namespace)
    found = completer.attr_matches(word) if "." in word else completer.global_matches(word)
    start = word.rfind(".") + 1
    names = sorted({name.rstrip(" :")[start:] for name in found}, key=order)
    holder = evaluate(namespace, word[: start - 1]) if start else None
    items = [{"label": name, "kind": kind_of(namespace, holder, name, bool(start))} for name in names[:MAX_ITEMS]]
    return at - len(word) + start, items


def order(name):
    return name.startswith("__"), name.startswith("_"), name.lower()


def magics(line, at):
    from _verklet.session_shell import MAGICS

    word = line.strip()[1:]
    return at - len(word), [{"label": name, "kind": "keyword"} for name in sorted(MAGICS) if name.startswith(word)]


def modules(line):
    from _pyrepl._module_completer import ModuleCompleter

    found = ModuleCompleter().get_completions(line)
    # Newer ones give an action, too.
    names = found[0] if isinstance(found, tuple) else found
    if names is None:
        return None
    return [{"label": name.rpartition(".")[2], "kind": "module"} for name in sorted(names, key=order)[:MAX_ITEMS]]


def evaluate(namespace, expression):
    try:
        return eval(expression, namespace)
    except Exception:
        # The completer found something there a moment ago; without it only the kind is unknown.
        return None


def kind_of(namespace, holder, name, is_attribute):
    if not is_attribute and keyword.iskeyword(name):
        return "keyword"
    try:
        value = inspect.getattr_static(holder, name) if is_attribute else namespace.get(name, getattr(namespace["__builtins__"], name, None))
    except AttributeError:
        return "property"
    if inspect.ismodule(value):
        return "module"
    if inspect.isclass(value):
        return "class"
    if callable(value) or isinstance(value, (staticmethod, classmethod)):
        return "method" if is_attribute else "function"
    return "property" if is_attribute else "variable"

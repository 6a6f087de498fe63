"""Looks at what pip is told to install before pip starts: a project without a file for the tab needs a server session."""

import json
import os
import re

import _verklet
from _verklet import boundary_table as table
from _verklet.boundary import Finding, distribution_of, is_installed

PLATFORM = "pyemscripten_2026_0_wasm32"
_COMMANDS = ("install", "download", "wheel")
#: Options that choose other files or another index: pip alone decides then.
_OWN_CHOICE = ("-i", "--index-url", "--extra-index-url", "--find-links", "-f", "--no-index", "--no-binary", "--platform", "--abi")
_WITH_VALUE = {
    "-c", "--constraint", "-t", "--target", "-d", "--dest", "-w", "--wheel-dir", "--prefix", "--root", "--src", "--cache-dir", "--log",
    "--python", "--upgrade-strategy", "--progress-bar", "--report", "--only-binary", "--timeout", "--retries", "--trusted-host",
    "--python-version", "--implementation", "--proxy", "--cert", "--client-cert", "-e", "--editable", "-C", "--config-settings",
}  # fmt: skip
#: Pages that were asked for here, for pip's own question a moment later.
pages = {}


def look(argv):
    """`argv` of `python -m pip`. Empty where nothing speaks against the tab."""
    arguments = argv[1:]
    if not arguments or arguments[0] not in _COMMANDS or any(part.partition("=")[0] in _OWN_CHOICE for part in arguments):
        return []
    return [finding for name in names_of(arguments[1:]) if (finding := look_at(name)) is not None]


def names_of(arguments):
    names = []
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        index += 1
        if argument in ("-r", "--requirement") and index < len(arguments):
            names += names_in(arguments[index])
            index += 1
        elif argument.startswith("--requirement="):
            names += names_in(argument.partition("=")[2])
        elif argument in _WITH_VALUE:
            index += 1
        elif not argument.startswith("-"):
            names += plain_name(argument)
    return list(dict.fromkeys(names))


def names_in(path, depth=0):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().replace("\\\n", " ").splitlines()
    except OSError:
        # pip says that it cannot be read.
        return []
    names = []
    for line in lines:
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        nested = re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if nested and depth < 5:
            names += names_in(os.path.join(os.path.dirname(path), nested.group(1)), depth + 1)
        elif line and not line.startswith("-"):
            names += plain_name(line)
    return names


def plain_name(requirement):
    """Nothing for a path, an address, or what holds on some platforms only."""
    if any(sign in requirement for sign in ("/", "@", ";")) or requirement.startswith(".") or requirement.endswith(".whl"):
        return []
    name = distribution_of(requirement)
    return [name] if name and not is_installed(name) else []


def look_at(name):
    url = f"{os.environ.get('PIP_INDEX_URL') or _verklet.host.origin() + '/-/python/simple'}/{name}/"
    headers = {"Accept": "application/vnd.pypi.simple.v1+json", "Cache-Control": "max-age=0"}
    status, got = json.loads(_verklet.host.fetch(json.dumps({"method": "GET", "url": url, "headers": headers})))
    body = _verklet.host.takeBody().to_bytes() if status else b""
    if status == 0 and name in table.NATIVE_DISTRIBUTIONS:
        return Finding(table.NATIVE_WHEEL, name, table.native(name)[1])
    if status != 200 or not body.startswith(b"{"):
        return None
    pages[url] = status, got, body
    return finding_of(name, [file["filename"] for file in json.loads(body).get("files", [])])


def finding_of(name, files):
    """A finding where a project has files, and none of them for this platform."""
    if not files or any(is_usable(file) for file in files):
        return None
    return Finding(table.NATIVE_WHEEL, name, f"it has no files that run in the tab, but {', '.join(files[-3:])}")


def is_usable(file):
    return file.endswith(".whl") and file[:-4].split("-")[-1].split(".")[-1] in ("any", PLATFORM)

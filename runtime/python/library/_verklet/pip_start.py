"""pip in the tab: pip itself, its requests answered by the browser's, packages kept in the workspace."""

import gc
import hashlib
import io
import json
import os
import pkgutil
import sys
import urllib.parse

import _verklet
from _verklet import boundary, pip_look, streams

WHEEL = "/lib/python3.14/pip.whl"
PLATFORM = pip_look.PLATFORM
CACHE = "~/.cache/pip/pages"
_seen = {}


def is_pip(options):
    return options.module == "pip" or options.file == WHEEL


def prepare(user_base):
    """Settings as pip's own environment variables, so that a program's or a user's own stand above them."""
    # A collection after a resolution breaks Pyodide 314.0.7 ("function signature mismatch"); pip's own life is short.
    gc.disable()
    refuse(pip_look.look(sys.argv))
    if WHEEL not in sys.path:
        sys.path.append(WHEEL)
    defaults = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": f"{_verklet.host.origin()}/-/python/simple",
        "PIP_TRUSTED_HOST": urllib.parse.urlsplit(_verklet.host.origin()).hostname,
        # A progress bar is drawn by a thread.
        "PIP_PROGRESS_BAR": "off",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_NO_WARN_SCRIPT_LOCATION": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    if "PIP_ONLY_BINARY" not in os.environ and "PIP_NO_BINARY" not in os.environ:
        os.environ["PIP_ONLY_BINARY"] = ":all:"
    inside = sys.prefix != sys.base_prefix
    placed = ("--target", "-t", "--prefix", "--root")
    if not inside and "--user" in sys.argv:
        # Where packages go without a virtual environment is the user's already.
        sys.argv.remove("--user")
    if not inside and not any(argument.startswith(placed) for argument in sys.argv):
        os.environ.setdefault("PIP_PREFIX", user_base)
    base = sys.prefix if inside else user_base
    packages = f"{base}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    os.makedirs(packages, exist_ok=True)
    if packages not in sys.path:
        sys.path.append(packages)
    patch()


def refuse(findings):
    """Before anything is shown or placed: moves the command to a server session, or says why it ends here."""
    if not findings:
        return
    for finding in findings:
        boundary.met(finding)
        streams.complain(f"ERROR: {finding.sentence()}\n")
    raise SystemExit(1)


def patch():
    if not hasattr(pkgutil, "ImpImporter"):
        # Older pip registers a finder for it, which nothing then uses.
        pkgutil.ImpImporter = type("ImpImporter", (), {})
    from pip._internal.cli import req_command
    from pip._internal.models import index
    from pip._vendor.packaging import tags
    from pip._vendor.requests import adapters

    # The proxy stands for the public index: pip need not name it in every run.
    index.PyPI.simple_url = os.environ["PIP_INDEX_URL"]
    adapters.HTTPAdapter._send_over_sockets = adapters.HTTPAdapter.send
    adapters.HTTPAdapter.send = send
    own = lambda: iter([PLATFORM, "emscripten_5_0_3_wasm32"])  # noqa: E731
    tags.platform_tags = tags._generic_platforms = own
    for module in (req_command, sys.modules.get("pip._internal.cli.index_command")):
        if hasattr(module, "_create_truststore_ssl_context"):
            # The browser checks certificates.
            module._create_truststore_ssl_context = lambda: None


def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
    host = urllib.parse.urlsplit(request.url).hostname or ""
    if (host == "localhost" or host.startswith("127.")) and not request.url.startswith(_verklet.host.origin()):
        return self._send_over_sockets(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
    from pip._vendor.requests.exceptions import ConnectionError
    from pip._vendor.urllib3.response import HTTPResponse

    status, headers, body = fetch(request)
    if status == 0:
        raise ConnectionError(f"{request.url} could not be reached, and no copy of it is kept", request=request)
    note_files(request.url, body)
    raw = HTTPResponse(body=io.BytesIO(body), headers=headers, status=status, preload_content=False, decode_content=False)
    return self.build_response(request, raw)


def fetch(request):
    """Status, headers and body; what was answered once is kept, and serves when nothing can be reached."""
    kept = os.path.join(os.path.expanduser(CACHE), hashlib.sha256(request.url.encode()).hexdigest())
    skipped = ("user-agent", "accept-encoding", "connection", "host", "content-length")
    headers = {name: value for name, value in request.headers.items() if name.lower() not in skipped}
    if request.method == "GET" and request.url in pip_look.pages:
        status, got, body = pip_look.pages.pop(request.url)
        return keep(kept, status, got, body)
    status, got = json.loads(_verklet.host.fetch(json.dumps({"method": request.method, "url": request.url, "headers": headers})))
    if status == 0:
        if not os.path.exists(kept):
            return 0, {}, b""
        with open(kept, "rb") as file:
            kind = file.readline().decode().strip()
            return 200, {"Content-Type": kind, "Cache-Control": "no-cache"}, file.read()
    # No JavaScript object in a variable: a cycle through one breaks Pyodide 314.0.7's garbage collection.
    body = _verklet.host.takeBody().to_bytes()
    return keep(kept if request.method == "GET" else None, status, got, body)


def keep(kept, status, got, body):
    got.pop("content-encoding", None)
    if status == 200 and kept is not None:
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with open(kept + ".new", "wb") as file:
            file.write(got.get("content-type", "").encode() + b"\n" + body)
        os.replace(kept + ".new", kept)
    return status, got, body


def note_files(url, body):
    """Remembers which files a project has, to say why none of them fits."""
    if "/simple/" not in url or not body.startswith(b"{"):
        return
    page = json.loads(body)
    _seen[page.get("name", "")] = [file["filename"] for file in page.get("files", [])]


def report(status):
    """After a failure: something that was wanted along the way has files, and none for this platform."""
    if not status:
        return
    for name, files in _seen.items():
        finding = pip_look.finding_of(name, files)
        if finding is None:
            continue
        streams.complain(f"ERROR: {finding.sentence()}\n")
        # pip places nothing before it has found everything: it may start anew, and it was said.
        _verklet.host.promote(finding.code, finding.subject, finding.because)
        boundary.met(finding)

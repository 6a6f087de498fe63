"""`IPython.display` for processes of the tab: what is displayed goes to the output panel, or into a notebook's cell."""

import base64
import json
import os
import sys
import uuid

import _verklet
from _verklet import mime

#: Kept behind everything that can be installed: the real IPython, once installed, comes first.
STAND_INS = os.path.dirname(os.path.dirname(__file__)) + "/_verklet_stand_ins"
MATPLOTLIB_BACKEND = "module://_verklet.plots"


class StandInFinder:
    """Finds `IPython` when no path has one: programs written for notebooks import it for `display`."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, [STAND_INS]) if name == "IPython" else None


def install():
    sys.meta_path.append(StandInFinder)
    os.environ.setdefault("MPLBACKEND", MATPLOTLIB_BACKEND)


def send(event):
    """Replaced inside a notebook, where it goes into the cell."""
    if not _verklet.host.display(mime.json_text(event)):
        raise ValueError("this output is too large to be shown: more than 16 MiB")


def publish(data, metadata=None, display_id=None, update=False):
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    event = {"type": "display", "data": data, "metadata": metadata or {}, "displayId": display_id, "isUpdate": update}
    send(event)


def display(*objects, include=None, exclude=None, metadata=None, display_id=None, raw=False, clear=False, update=False, transient=None):
    if clear:
        clear_output(wait=True)
    if display_id is True:
        display_id = uuid.uuid4().hex
    for obj in objects:
        if raw:
            data, own = obj, {}
        else:
            shown = getattr(obj, "_ipython_display_", None)
            if callable(shown) and not isinstance(obj, type):
                shown()
                continue
            data, own = mime.bundle_of(obj, include, exclude)
        publish(data, {**own, **(metadata or {})}, display_id, update)
    return None if display_id is None else DisplayHandle(display_id)


def update_display(obj, *, display_id, **arguments):
    display(obj, display_id=display_id, update=True, **arguments)


def clear_output(wait=False):
    send({"type": "clear", "wait": bool(wait)})


class DisplayHandle:
    def __init__(self, display_id=None):
        self.display_id = display_id or uuid.uuid4().hex

    def __repr__(self):
        return f"<{type(self).__name__} display_id={self.display_id}>"

    def display(self, obj, **arguments):
        display(obj, display_id=self.display_id, **arguments)

    def update(self, obj, **arguments):
        update_display(obj, display_id=self.display_id, **arguments)


class DisplayObject:
    """Data of one MIME type, from a value, a file or an address."""

    mime = "text/plain"
    is_binary = False

    def __init__(self, data=None, url=None, filename=None, metadata=None):
        if isinstance(data, os.PathLike):
            data, filename = None, os.fspath(data)
        if isinstance(data, str) and data.startswith(("http://", "https://")) and "\n" not in data and url is None:
            data, url = None, data
        self.url, self.filename, self.metadata = url, filename, metadata or {}
        self.data = data
        if data is None and (filename or url):
            self.reload()

    def reload(self):
        if self.filename:
            with open(self.filename, "rb") as file:
                found = file.read()
        else:
            from urllib.request import urlopen

            with urlopen(self.url) as answer:
                found = answer.read()
        self.data = found if self.is_binary else found.decode("utf-8")

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__name__} object>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {self.mime: self.data, "text/plain": repr(self)}, {self.mime: self.metadata} if self.metadata else {}


class TextDisplayObject(DisplayObject):
    pass


class HTML(TextDisplayObject):
    mime = "text/html"

    def _repr_html_(self):
        return self.data


class Markdown(TextDisplayObject):
    mime = "text/markdown"


class SVG(TextDisplayObject):
    mime = "image/svg+xml"


class Latex(TextDisplayObject):
    mime = "text/latex"


class Math(Latex):
    def _repr_mimebundle_(self, include=None, exclude=None):
        text = self.data.strip("$")
        return {self.mime: f"$\\displaystyle {text}$", "text/plain": repr(self)}, {}


class Pretty(TextDisplayObject):
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.data}, {}


class JSON(DisplayObject):
    mime = "application/json"

    def __init__(self, data=None, url=None, filename=None, expanded=False, metadata=None, root="root", **arguments):
        super().__init__(None if isinstance(data, (dict, list)) else data, url, filename, metadata)
        self.data = data if isinstance(data, (dict, list)) else json.loads(self.data)


class Javascript(TextDisplayObject):
    mime = "text/html"

    def __init__(self, data=None, url=None, filename=None, lib=None, css=None):
        super().__init__(data, url, filename)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": f"<script>{self.data}</script>", "text/plain": repr(self)}, {}


class Code(TextDisplayObject):
    def __init__(self, data=None, url=None, filename=None, language=None):
        self.language = language
        super().__init__(data, url, filename)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": f"```{self.language or ''}\n{self.data}\n```", "text/plain": self.data}, {}


class Image(DisplayObject):
    is_binary = True
    KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}

    def __init__(self, data=None, url=None, filename=None, format=None, embed=None, width=None, height=None, alt=None, **arguments):
        size = {"width": width, "height": height, "alt": alt}
        super().__init__(data, url, filename, {name: value for name, value in size.items() if value is not None})
        if isinstance(self.data, str):
            self.data = base64.b64decode(self.data)
        found = next((kind for start, kind in self.KINDS.items() if (self.data or b"").startswith(start)), None)
        if found is None:
            raise ValueError("Image needs the bytes of a PNG, JPEG, GIF or WebP picture")
        self.mime = found

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {self.mime: base64.b64encode(self.data).decode("ascii"), "text/plain": repr(self)}, (
            {self.mime: self.metadata} if self.metadata else {}
        )


class IFrame:
    """Shown as its address: an output reaches no other page."""

    def __init__(self, src, width=None, height=None, **arguments):
        self.src = src

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": f"{self.src} (a frame of another page cannot be shown in an output)"}, {}


def display_html(*objects, raw=False, **arguments):
    display(*(HTML(obj) if raw else obj for obj in objects), **arguments)


def display_markdown(*objects, raw=False, **arguments):
    display(*(Markdown(obj) if raw else obj for obj in objects), **arguments)


def show_rich(value):
    """After the interactive interpreter printed a value: its picture, if it has one."""
    data, metadata = mime.bundle_of(value)
    if mime.is_rich(data):
        publish(data, metadata)

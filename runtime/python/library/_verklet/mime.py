"""What an object looks like: a bundle of MIME types, asked from the `_repr_*_` methods that libraries give their objects."""

import base64
import json

#: Method, MIME type, and how its value becomes text that JSON can carry.
METHODS = (
    ("_repr_html_", "text/html", str),
    ("_repr_markdown_", "text/markdown", str),
    ("_repr_svg_", "image/svg+xml", str),
    ("_repr_png_", "image/png", None),
    ("_repr_jpeg_", "image/jpeg", None),
    ("_repr_latex_", "text/latex", str),
    ("_repr_json_", "application/json", json.loads),
    ("_repr_javascript_", "application/javascript", str),
)
#: Two of the types that say no more than `repr`.
PLAIN = ("text/plain", "text/latex")


def bundle_of(obj, include=None, exclude=None):
    """`(data, metadata)`. Never raises for what the object does: a method that fails is left out, as in IPython."""
    data, metadata = {}, {}
    for name, mime, convert in METHODS:
        found = ask(obj, name)
        if found is None:
            continue
        value, about = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
        value = encode(value) if convert is None else value if not isinstance(value, str) else convert(value)
        data[mime] = value
        if about:
            metadata[mime] = about
    found = ask(obj, "_repr_mimebundle_", include=include, exclude=exclude)
    if found is not None:
        more, about = found if isinstance(found, tuple) else (found, {})
        data.update({mime: encode(value) if isinstance(value, bytes) else value for mime, value in more.items()})
        metadata.update(about or {})
    if is_figure(obj) and "image/png" not in data:
        data["image/png"] = figure_png(obj)
    if "text/plain" not in data:
        data["text/plain"] = plain(obj)
    if include:
        data = {mime: value for mime, value in data.items() if mime in include}
    if exclude:
        data = {mime: value for mime, value in data.items() if mime not in exclude}
    return data, metadata


def json_text(value):
    try:
        return json.dumps(value, default=str, allow_nan=False)
    except ValueError:
        # JSON has no NaN: null is what browsers make of it.
        return json.dumps(json.loads(json.dumps(value, default=str), parse_constant=lambda name: None))


def is_rich(data):
    return any(mime not in PLAIN for mime in data)


def ask(obj, name, **arguments):
    # A class has its instances' methods; proxies and mocks answer to every name.
    if isinstance(obj, type) or hasattr(type(obj), "__getattr__") and not hasattr(type(obj), name) and responds_to_all(obj):
        return None
    method = getattr(obj, name, None)
    if not callable(method):
        return None
    try:
        return method(**arguments)
    except NotImplementedError:
        return None
    except Exception:
        import traceback

        # The other forms are still shown; the reason is for who wrote the method.
        traceback.print_exc()
        return None


def responds_to_all(obj):
    try:
        return callable(getattr(obj, "_ipython_canary_method_should_not_exist_", None))
    except Exception:
        # An object that refuses the question does not answer to every name.
        return False


def encode(value):
    return value if isinstance(value, str) else base64.b64encode(value).decode("ascii")


def plain(obj):
    """As IPython: containers are laid out over lines, everything else is its `repr`."""
    import pprint

    try:
        wide = repr(obj)
        if len(wide) <= 79 or type(obj) not in (dict, list, tuple, set, frozenset):
            return wide
        return pprint.pformat(obj, width=79, compact=True, sort_dicts=False)
    except Exception as error:
        return f"<{type(obj).__name__}: repr failed with {type(error).__name__}: {error}>"


def is_figure(obj):
    kind = type(obj)
    return kind.__name__ == "Figure" and kind.__module__ == "matplotlib.figure"


def figure_png(figure):
    """As notebooks do: cut to what is drawn."""
    import io

    target = io.BytesIO()
    figure.savefig(target, format="png", bbox_inches="tight", facecolor=figure.get_facecolor())
    return encode(target.getvalue())

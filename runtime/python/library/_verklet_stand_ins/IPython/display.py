"""`IPython.display`, as far as the tab has it."""

from _verklet.display import (  # noqa: F401
    HTML,
    JSON,
    SVG,
    Code,
    DisplayHandle,
    DisplayObject,
    IFrame,
    Image,
    Javascript,
    Latex,
    Markdown,
    Math,
    Pretty,
    TextDisplayObject,
    clear_output,
    display,
    display_html,
    display_markdown,
    update_display,
)
from _verklet.display import publish as publish_display_data  # noqa: F401

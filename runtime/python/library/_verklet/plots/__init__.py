"""matplotlib's backend here: figures are drawn by Agg and displayed by `show()`. Chosen by `MPLBACKEND`."""

from matplotlib import _pylab_helpers, is_interactive
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from _verklet import display as output


class FigureManager(FigureManagerBase):
    def show(self):
        output.display(self.canvas.figure)

    @classmethod
    def pyplot_show(cls, *args, **kwargs):
        show()


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


def show(*args, **kwargs):
    """Displays what pyplot holds, and lets go of it, as closing the windows would."""
    managers = _pylab_helpers.Gcf.get_all_fig_managers()
    try:
        for manager in managers:
            manager.show()
    finally:
        for manager in managers:
            _pylab_helpers.Gcf.destroy(manager)


def draw_if_interactive():
    # Figures appear when a cell ends, or by `show()`.
    is_interactive()

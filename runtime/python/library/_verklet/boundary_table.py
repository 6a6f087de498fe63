"""What the tab's Python cannot do, as data: by the call, by the module, by the distribution. The reasons' codes are the protocol's."""

FORK = "python.fork"
NATIVE_WHEEL = "python.native-wheel"
NATIVE_LIBRARY = "python.native-library"
SYSTEM_MODULE = "python.system-module"
DISPLAY = "python.display"
MISSING = "python.missing-module"
TOOL = "python.tool-needs-server"
THREADS = "python.threads"

_FORKS = "it starts processes with fork"

#: By full dotted name. A module's name alone stands for every call of it.
CALLS = {
    "os.fork": (FORK, _FORKS),
    "os.forkpty": (FORK, _FORKS),
    "pty.fork": (FORK, _FORKS),
    "pty.spawn": (FORK, _FORKS),
    **{
        f"multiprocessing.{name}": (FORK, _FORKS)
        for name in (
            "Process", "Pool", "Manager", "Queue", "SimpleQueue", "JoinableQueue", "Lock", "RLock", "Semaphore", "Event", "Condition",
            "Barrier", "Value", "Array", "get_context", "pool.Pool", "Process.start", "shared_memory.SharedMemory",
        )
    },
    "concurrent.futures.ProcessPoolExecutor": (FORK, _FORKS),
    "concurrent.futures.process.ProcessPoolExecutor": (FORK, _FORKS),
}  # fmt: skip

#: Calls that load compiled code when their first argument is a name.
LIBRARY_CALLS = {
    "ctypes.CDLL", "ctypes.PyDLL", "ctypes.cdll.LoadLibrary", "ctypes.CDLL.LoadLibrary",
}  # fmt: skip

#: Modules whose import alone decides: nothing of them is in the tab.
IMPORTS = {
    "tkinter": (DISPLAY, "it draws windows"),
    "turtle": (DISPLAY, "it draws windows"),
    "curses": (SYSTEM_MODULE, "it needs the terminal library of Linux"),
    "readline": (SYSTEM_MODULE, "it needs the terminal library of Linux"),
    "resource": (SYSTEM_MODULE, "it asks the system for limits"),
    "syslog": (SYSTEM_MODULE, "it needs the system's log"),
    "_posixshmem": (FORK, "it shares memory between processes"),
    "_multiprocessing": (FORK, _FORKS),
}

_COMPILED = "its files are compiled for Linux, and there are none for the tab"

#: Import name to distribution: compiled packages that neither their authors nor Pyodide build for the tab. Being written in
#: Rust or C is no sign: many such packages are built.
NATIVE = {
    **{name: name for name in (
        "torch", "torchvision", "torchaudio", "tensorflow", "jaxlib", "numba", "llvmlite", "cupy", "psutil", "onnxruntime",
        "uvloop", "greenlet", "gevent", "pygame", "ray", "spacy", "vllm", "triton", "open3d", "netifaces",
    )},
    "jax": "jax", "psycopg2": "psycopg2-binary", "grpc": "grpcio", "PyQt5": "pyqt5", "PyQt6": "pyqt6", "PySide6": "pyside6",
    "MySQLdb": "mysqlclient", "pyodbc": "pyodbc", "playwright": "playwright", "httptools": "httptools", "watchfiles": "watchfiles",
}  # fmt: skip
NATIVE_DISTRIBUTIONS = {*NATIVE.values(), "psycopg2"}

#: Programs that are Python, and need what is not here.
TOOLS = {
    "gunicorn": "worker processes made by fork",
    "celery": "worker processes made by fork",
    "jupyter": "notebook kernels as processes",
    "jupyter-lab": "notebook kernels as processes",
    "jupyter-notebook": "notebook kernels as processes",
    "poetry": "Python tooling that manages interpreters",
    "pipenv": "Python tooling that manages interpreters",
    "pdm": "Python tooling that manages interpreters",
    "hatch": "Python tooling that manages interpreters",
    "uv": "native Python tooling",
}


def native(name):
    return NATIVE_WHEEL, f"{_COMPILED}"

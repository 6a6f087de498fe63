"""Virtual environments in the tab: the layout of CPython's `venv`, whose own module this build of Python leaves out."""

import os
import shutil
import sys

CORE_VENV_DEPS = ("pip",)

_ACTIVATE = """\
# This file must be used with "source bin/activate" *from a shell*.
deactivate () {{
    if [ -n "${{_OLD_VIRTUAL_PATH:-}}" ] ; then
        PATH="$_OLD_VIRTUAL_PATH"
        export PATH
        unset _OLD_VIRTUAL_PATH
    fi
    if [ -n "${{_OLD_VIRTUAL_PS1:-}}" ] ; then
        PS1="$_OLD_VIRTUAL_PS1"
        unset _OLD_VIRTUAL_PS1
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    if [ "${{1:-}}" != nondestructive ] ; then unset -f deactivate ; fi
}}
deactivate nondestructive
VIRTUAL_ENV={folder!r}
export VIRTUAL_ENV
VIRTUAL_ENV_PROMPT={prompt!r}
export VIRTUAL_ENV_PROMPT
_OLD_VIRTUAL_PATH="$PATH"
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
if [ -n "${{PS1:-}}" ] ; then
    _OLD_VIRTUAL_PS1="$PS1"
    PS1="($VIRTUAL_ENV_PROMPT) $PS1"
fi
"""


class EnvBuilder:
    def __init__(self, system_site_packages=False, clear=False, symlinks=True, upgrade=False, with_pip=False, prompt=None, **_):
        self.system_site_packages = system_site_packages
        self.clear = clear
        self.with_pip = with_pip
        self.prompt = prompt

    def create(self, env_dir):
        folder = os.path.abspath(os.fspath(env_dir))
        if os.path.exists(folder) and self.clear:
            shutil.rmtree(folder)
        version = "%d.%d" % sys.version_info[:2]
        for name in ("bin", "include", f"lib/python{version}/site-packages"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        for name in ("python", "python3", f"python{version}"):
            path = os.path.join(folder, "bin", name)
            if not os.path.lexists(path):
                os.symlink("/usr/bin/python3" if name == "python" else "python", path)
        prompt = self.prompt or os.path.basename(folder)
        self._write(
            folder,
            "pyvenv.cfg",
            "home = /usr/bin\n"
            f"include-system-site-packages = {str(self.system_site_packages).lower()}\n"
            f"version = {sys.version.split()[0]}\n"
            "executable = /usr/bin/python3\n"
            f"command = /usr/bin/python3 -m venv {folder}\n",
        )
        self._write(folder, "bin/activate", _ACTIVATE.format(folder=folder, prompt=prompt))
        if self.with_pip:
            for name in ("pip", "pip3", f"pip{version}"):
                self._write(folder, f"bin/{name}", f'#!/bin/sh\nexec {folder!r}/bin/python -m pip "$@"\n', 0o755)
        self.post_setup(folder)

    def post_setup(self, context):
        """For subclasses."""

    def _write(self, folder, name, text, mode=0o644):
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)


def create(env_dir, system_site_packages=False, clear=False, symlinks=False, with_pip=False, prompt=None, **_):
    EnvBuilder(system_site_packages, clear, symlinks, with_pip=with_pip, prompt=prompt).create(env_dir)


def main(args=None):
    import argparse

    parser = argparse.ArgumentParser(prog="venv", description="Creates virtual Python environments in one or more target directories.")
    parser.add_argument("dirs", metavar="ENV_DIR", nargs="+", help="A directory to create the environment in.")
    parser.add_argument("--system-site-packages", action="store_true")
    parser.add_argument("--symlinks", action="store_true")
    parser.add_argument("--copies", action="store_true")
    parser.add_argument("--clear", action="store_true")
    parser.add_argument("--upgrade", action="store_true")
    parser.add_argument("--without-pip", dest="with_pip", action="store_false", default=True)
    parser.add_argument("--prompt")
    options = parser.parse_args(args)
    for folder in options.dirs:
        EnvBuilder(options.system_site_packages, options.clear, with_pip=options.with_pip, prompt=options.prompt).create(folder)

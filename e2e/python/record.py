"""Records what CPython does with every program below programs/: `python3.13 record.py` writes programs/recorded.json.

A program file holds cases: a line `#: name | arguments | input` starts one, and what follows is its source, saved as main.py and
run as `python3 main.py` with the arguments; arguments that start with `-` replace main.py. Standard error is compared where the
case's name ends in `!`, its last line only.
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent / "programs"


def cases():
    for path in sorted(HERE.glob("*.txt")):
        for block in path.read_text().split("\n#: ")[1:] if not path.read_text().startswith("#: ") else ("\n" + path.read_text()).split("\n#: ")[1:]:
            head, _, source = block.partition("\n")
            name, arguments, text = (head.split(" | ") + ["", ""])[:3]
            argv = shlex.split(arguments)
            if not argv or not (argv[0].startswith("-") or argv[0] == "main.py"):
                argv = ["main.py", *argv]
            yield {
                "name": f"{path.stem}: {name.strip()}",
                "argv": argv,
                "input": text.encode().decode("unicode_escape"),
                "source": source.rstrip("\n") + "\n",
            }


def record(case):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "main.py").write_text(case["source"])
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", "PYTHON_COLORS": "0"}
        done = subprocess.run(
            [sys.executable, *case["argv"]], cwd=folder, env=environment, input=case["input"].encode(), capture_output=True, timeout=60
        )
    signal = -done.returncode if done.returncode < 0 else None
    last = done.stderr.decode().rstrip("\n").rpartition("\n")[2].replace(folder, "<folder>").replace(sys.executable, "<python>")
    return {
        **case,
        "code": None if signal else done.returncode,
        "signal": signal,
        "stdout": done.stdout.decode(),
        "stderr": last if case["name"].endswith("!") else None,
    }


if __name__ == "__main__":
    recorded = [record(case) for case in cases()]
    names = [case["name"] for case in recorded]
    assert len(names) == len(set(names)), "names must differ"
    target = HERE / "recorded.json"
    target.write_text(json.dumps({"python": sys.version.split()[0], "cases": recorded}, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} programs recorded with CPython {sys.version.split()[0]}")

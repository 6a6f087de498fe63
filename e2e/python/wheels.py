"""Packs distributions that this machine's Python has installed as pure wheels: `wheels.py FOLDER NAME...`. Prints what it made."""

import base64
import hashlib
import importlib.metadata
import os
import sys
import zipfile


def pack(name, folder):
    distribution = importlib.metadata.distribution(name)
    title = distribution.metadata["Name"].replace("-", "_")
    wheel = f"{title}-{distribution.version}-py3-none-any.whl"
    info = f"{title}-{distribution.version}.dist-info"
    contents = {}
    for file in distribution.files or []:
        if file.parts[0] in ("..", "__pycache__") or file.suffix in (".pyc", ".so") or "__pycache__" in file.parts:
            continue
        if file.parts[0].endswith(".dist-info"):
            if file.name in ("METADATA", "entry_points.txt", "top_level.txt"):
                contents[f"{info}/{file.name}"] = file.read_binary()
            continue
        contents[str(file)] = file.read_binary()
    contents[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: verklet\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for path, data in contents.items()
    )
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(os.path.join(folder, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in contents.items():
            archive.writestr(path, data)
    print(wheel)


for name in sys.argv[2:]:
    pack(name, sys.argv[1])

"""A database of bytes by bytes in one file, written whole when it is synchronised."""

import builtins
import collections.abc
import os
import pickle

error = OSError


class _Database(collections.abc.MutableMapping):
    def __init__(self, file, flag, truncate):
        self._path = os.fspath(file) + ".dat"
        self._readonly = flag == "r"
        if truncate or (flag == "c" and not os.path.exists(self._path)):
            self._items = {}
            self.sync()
        else:
            with builtins.open(self._path, "rb") as stored:
                self._items = pickle.load(stored)

    def sync(self):
        if self._items is None or self._readonly:
            return
        with builtins.open(self._path + ".new", "wb") as stored:
            pickle.dump(self._items, stored)
        os.replace(self._path + ".new", self._path)

    def close(self):
        self.sync()
        self._items = None

    def _check(self):
        if self._items is None:
            raise error("DBM object has already been closed")

    def __getitem__(self, key):
        self._check()
        return self._items[_bytes(key)]

    def __setitem__(self, key, value):
        self._check()
        if self._readonly:
            raise error("The database is opened for reading only")
        self._items[_bytes(key)] = _bytes(value)

    def __delitem__(self, key):
        self._check()
        del self._items[_bytes(key)]

    def __iter__(self):
        self._check()
        return iter(list(self._items))

    def __len__(self):
        self._check()
        return len(self._items)

    def __contains__(self, key):
        return _bytes(key) in self._items

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def _bytes(value):
    if isinstance(value, str):
        return value.encode("utf-8")
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError("keys and values must be bytes or strings")
    return bytes(value)


def open(file, flag="c", mode=0o666, truncate=False):
    return _Database(file, flag, truncate or flag == "n")

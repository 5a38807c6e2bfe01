"""One process at a time on one data folder: a second start is refused with the first one's pid."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from threading import Lock


class DataFolderInUse(Exception):
    """Another process works on this data. `pid` is its process id, 0 when it is just starting."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path} 正由进程 {pid} 使用 / {path} is in use by process {pid}")
        self.path, self.pid = path, pid


class FileLock:
    """Held from `take` to `release`, or to the end of the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._one_thread = Lock()

    def take(self) -> None:
        """Raises DataFolderInUse when anybody else holds it; taken again by its holder it stays taken."""
        with self._one_thread:
            if self._file is None:
                self._file = self._taken()

    def _taken(self) -> int:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 20, 0)
            os.close(file)
            raise DataFolderInUse(self._path, int(holder or b"0")) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        return file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __del__(self) -> None:
        self.release()

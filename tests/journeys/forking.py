"""Processes of the product, forked from one that has loaded all its code: loading takes each more than two seconds.

A forked one is a process like any other: its own session, environment and log, killed as a crash would. How the
command itself starts is for `test_processes` and `test_one_command`. Whoever asked for a process holds a connection:
bytes on it are signals to the process, its exit code comes back, and when the connection breaks the process is ended.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpcore
import uvicorn.protocols.http.httptools_impl
from sqlalchemy.orm import configure_mappers

import app.asgi
import app.worker
from app.cli import main
from resolvers.schema import build_schema

LOADED: Final = (app.asgi, app.worker, httpcore, uvicorn.protocols.http.httptools_impl)
"""What the commands load when they run: it is there already."""
REQUEST_BYTES_MAX: Final = 65_536
BACKLOG: Final = 64


@dataclass(frozen=True)
class Request:
    """What a new process is to be."""

    command: str
    environment: Mapping[str, str]
    log: str
    directory: str


@dataclass
class Forks:
    """The parent: it only forks, signals and reaps. `serve` returns in each child, with what that is to be."""

    address: Path
    _owners: dict[int, socket.socket] = field(default_factory=dict)
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> Request:
        assert threading.active_count() == 1, "only a process with one thread may be forked"
        ended, wakes = socket.socketpair()
        for end in (ended, wakes):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.address))
        listener.listen(BACKLOG)
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(ended, selectors.EVENT_READ)
        try:
            request = self._until_forked(listener, ended)
        except SystemExit:
            for pid in self._owners:
                os.kill(pid, signal.SIGTERM)
            raise
        for end in (listener, ended, wakes):
            end.close()
        return request

    def _until_forked(self, listener: socket.socket, ended: socket.socket) -> Request:
        """Work until this is a child."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is ended:
                    ended.recv(BACKLOG)
                    self._reap()
                elif key.fileobj is listener:
                    if (request := self._accept(listener)) is not None:
                        return request
                elif key.data in self._owners:
                    self._pass_on(key.data)

    def _accept(self, listener: socket.socket) -> Request | None:
        """None in the parent."""
        owner, _ = listener.accept()
        with owner.makefile("rb") as asked:
            request = Request(**json.loads(asked.readline(REQUEST_BYTES_MAX)))
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            for each in (owner, *self._owners.values()):
                each.close()
            self._selector.close()
            return request
        owner.sendall(f"{pid}\n".encode())
        self._owners[pid] = owner
        self._selector.register(owner, selectors.EVENT_READ, pid)
        return None

    def _pass_on(self, pid: int) -> None:
        """A signal for a process, or the end of whoever had asked for it."""
        try:
            numbers = self._owners[pid].recv(BACKLOG)
        except ConnectionError:
            numbers = b""
        if not numbers:
            self._selector.unregister(self._owners[pid])
        for number in numbers or [signal.SIGTERM]:
            os.kill(pid, number)

    def _reap(self) -> None:
        for pid in list(self._owners):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                owner = self._owners.pop(pid)
                with suppress(KeyError):
                    self._selector.unregister(owner)
                with suppress(ConnectionError):
                    owner.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                owner.close()


def become(request: Request) -> None:
    """Be that process from here on."""
    os.setsid()
    log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(request.directory)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.argv = ["market", request.command]
    main()


def warm_up() -> None:
    """Done once here, what each would do at its start or first request: the types of tables and of the schema."""
    configure_mappers()
    build_schema()


if __name__ == "__main__":
    warm_up()
    gc.freeze()
    become(Forks(Path(sys.argv[1])).serve())

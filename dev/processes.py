"""Programs that run beside a command, and end with it."""

import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from dev import node, paths
from dev.console import Trouble


def free_port() -> int:
    """A port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def launch(
    command: Sequence[object],
    log: pathlib.Path,
    *,
    env: dict[str, str] | None = None,
    own_session: bool = False,
) -> subprocess.Popen:
    """Start a program in the folder of the project, with all it prints in a file.

    ``env`` comes on top of our environment. In its ``own_session`` it goes on when the terminal interrupts us.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=paths.ROOT,
            start_new_session=own_session,
        )


class Group:
    """Programs started together; leaving the context ends them all, the last one first."""

    def __init__(self) -> None:
        self._processes: list[tuple[str, subprocess.Popen]] = []

    def __enter__(self) -> "Group":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[object],
        *,
        url: str | None = None,
        env: dict[str, str] | None = None,
        seconds: float = 120,
    ) -> pathlib.Path:
        """Start a program, wait until its address answers, and return its log."""
        log = paths.LOGS / f"{name}.log"
        process = launch(command, log, env=env, own_session=True)
        self._processes.append((name, process))
        until = time.monotonic() + seconds
        while url and not answers(url):
            if process.poll() is not None or time.monotonic() > until:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
                raise Trouble(f"{name} did not start:\n{tail}\nIts log is {log}")
            time.sleep(0.1)
        return log

    def wait(self) -> None:
        """Wait until one of the programs ends."""
        while all(process.poll() is None for _name, process in self._processes):
            time.sleep(0.3)

    def stop(self) -> None:
        """End all programs."""
        for _name, process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for _name, process in reversed(self._processes):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self._processes.clear()

    def sandbox(self, port: int, *arguments: object) -> str:
        """Start the stand-in for Stripe; return its address."""
        url = f"http://127.0.0.1:{port}"
        command = [paths.PYTHON, "-m", "stripe_sandbox", "--port", port, *arguments]
        self.start(f"sandbox-{port}", command, url=f"{url}/_sandbox/faults")
        return url

    def odoo(self, database: str, port: int, *arguments: object, **env: str) -> str:
        """Start Odoo on one database; return its address."""
        url = f"http://127.0.0.1:{port}"
        program = "from odoo.cli import main; main()"
        command = [
            *(paths.PYTHON, "-c", program, "-d", database, f"--db-filter=^{database}$"),
            *(f"--http-port={port}", *arguments),
        ]
        env = {"PATH": node.path(), **env}
        self.start(f"odoo-{database}", command, url=f"{url}/web/health", env=env)
        return url


def answers(url: str) -> bool:
    """Whether something answers at an address."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).read()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True

"""Talking to the person who runs a command, and running programs."""

import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dev import paths


class Trouble(SystemExit):
    """Something is missing or failed: said in words, without a traceback."""

    def __init__(self, message: str):
        super().__init__(f"\n✗ {message}")


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show that something long runs, and how long it took."""
    print(f"· {name} ... ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def run(
    command: Sequence[object],
    *,
    log: str,
    env: dict[str, str] | None = None,
    cwd: pathlib.Path = paths.ROOT,
    stdin: str | None = None,
) -> None:
    """Run a program quietly; when it fails, show the end of its log and stop."""
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    file = paths.LOGS / f"{log}.log"
    with file.open("w") as output:
        result = subprocess.run(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            input=stdin,
            text=True,
        )
    if result.returncode:
        tail = file.read_text(errors="replace").splitlines()[-40:]
        print("\n" + "\n".join(tail), file=sys.stderr)
        raise Trouble(f"{pathlib.Path(str(command[0])).name} failed; its log is {file}")


def output(command: Sequence[object], env: dict[str, str] | None = None) -> str:
    """What a program prints; raises CalledProcessError when it fails."""
    return subprocess.run(
        [str(part) for part in command],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    ).stdout

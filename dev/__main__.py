"""``python3 -m dev COMMAND``: what the Makefile calls. Needs nothing but Python's own library to begin with."""

import os
import shutil
import sys

from dev import paths


def main() -> int:
    """Run a command; return its exit code."""
    command, *arguments = sys.argv[1:] or ["help"]
    paths.STATE.mkdir(exist_ok=True)
    if command == "setup":
        from dev import databases, environment, postgres

        environment.prepare()
        environment.chromium()
        postgres.start()
        databases.configure()
        databases.template()
    elif command == "test":
        from dev import tests

        return tests.main(arguments)
    elif command in ("lint", "format"):
        from dev import lint

        return lint.main(fix=command == "format")
    elif command in (
        *("bench", "chaos", "demo", "demo-reset", "demo-check"),
        *("gallery", "live", "translations"),
    ):
        from dev import environment

        environment.prepare()
        # From here on packages of the environment are used.
        module = f"dev.{command.replace('-', '_')}"
        os.execv(paths.PYTHON, [str(paths.PYTHON), "-m", module, *arguments])
    elif command == "clean":
        from dev import postgres

        postgres.stop()
        shutil.rmtree(paths.STATE)
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

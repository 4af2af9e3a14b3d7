"""``python3 -m dev COMMAND``: what the Makefile calls. Needs nothing but Python's own library to begin with."""

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
    elif command == "bench":
        from dev import bench

        return bench.main(arguments)
    elif command == "demo":
        from dev import demo

        return demo.main()
    elif command == "demo-reset":
        from dev import demo

        return demo.reset()
    elif command == "demo-check":
        from dev import demo

        return demo.check()
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

"""``tests/features.txt``: what the product is to do; each row is named in the docstring of a test."""

import ast
import pathlib
import re
from collections.abc import Iterator

from dev import paths

ROWS = paths.ROOT / "tests" / "features.txt"
ROW = re.compile(r"S[12]-\d\d")


def findings() -> list[str]:
    """Rows that no test names, and names of no row."""
    rows = {line.split()[0] for line in ROWS.read_text().splitlines() if ROW.match(line)}
    named: dict[str, str] = {}
    for file in sorted(ROWS.parent.rglob("test_*.py")):
        for text in _docstrings(file):
            for row in ROW.findall(text):
                named.setdefault(row, str(file.relative_to(paths.ROOT)))
    found = [f"tests/features.txt: {row} is named in no test" for row in sorted(rows - set(named))]
    unknown = sorted(set(named) - rows)
    return found + [f"{named[row]}: {row} is no row of tests/features.txt" for row in unknown]


def _docstrings(file: pathlib.Path) -> Iterator[str]:
    """Those of a module's test functions, and of its classes that have some."""
    for node in ast.walk(ast.parse(file.read_text())):
        if (isinstance(node, ast.FunctionDef) and node.name.startswith("test_")) or (
            isinstance(node, ast.ClassDef)
            and any(
                isinstance(part, ast.FunctionDef) and part.name.startswith("test_")
                for part in node.body
            )
        ):
            yield ast.get_docstring(node) or ""

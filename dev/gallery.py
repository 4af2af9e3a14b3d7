"""``make gallery``: the browser tests of the product, with a picture of each page that they pass.

All pictures go below ``.dev/gallery``; the few that show the product at a glance also to ``docs/gallery``.
"""

import io
import json
import os
import pathlib
import shutil
import sys

from PIL import Image

from dev import paths, tests
from dev.console import say

FOLDER = paths.STATE / "gallery"
KEPT = paths.ROOT / "docs" / "gallery"
MAX_BYTES = 40_000
# Tried one after the other until a picture is small enough; then its end is left out, as that of a long list.
COLOURS = (128, 64, 32, 16)
SHORTER = 0.85
HEAD = """=======
Gallery
=======

What staff and customers see, at the width of a desk (1366 pixels), and much of it also of a phone (390 pixels).
The browser tests in ``tests/e2e`` take these pictures; ``make gallery`` takes them anew, with many more and each at
both widths in ``.dev/gallery/index.html``.

"""
ENTRY = """{caption}
{line}

.. image:: {file}
   :alt: {caption}, {width} pixels wide

"""


def main(arguments: list[str]) -> int:
    """Run the tests, keep the pictures, say where the index is; the exit code is that of the tests."""
    os.environ["GALLERY"] = str(FOLDER)
    code = tests.main(arguments or ["tests/e2e"])
    index = FOLDER / "index.html"
    if not index.exists():
        return code or 1
    if not code and not arguments:
        keep()
    say(f"Gallery: {index.as_uri()}")
    return code


def keep() -> None:
    """Write the small set for the repository, in place of the one before."""
    pictures = [p for p in json.loads((FOLDER / "pictures.json").read_text()) if p["show"]]
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    entries, said = [], set()
    for picture in sorted(pictures, key=lambda p: (p["name"], -p["width"])):
        (KEPT / picture["file"]).write_bytes(small(FOLDER / picture["file"]))
        entry = ENTRY.format(line="=" * len(picture["caption"]), **picture)
        # The phone's picture follows under the same heading.
        entries.append(entry if picture["name"] not in said else entry.split("\n", 3)[3])
        said.add(picture["name"])
    (KEPT / "README.rst").write_text(HEAD + "".join(entries).rstrip() + "\n")
    say(f"{len(pictures)} pictures in {KEPT.relative_to(paths.ROOT)}")


def small(file: pathlib.Path) -> bytes:
    """A picture with as many colours as fit into the size that is allowed."""
    image = Image.open(file).convert("RGB")
    while True:
        for colours in COLOURS:
            output = io.BytesIO()
            image.quantize(colours, dither=Image.Dither.NONE).save(output, "PNG", optimize=True)
            if output.tell() <= MAX_BYTES:
                return output.getvalue()
        image = image.crop((0, 0, image.width, round(image.height * SHORTER)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

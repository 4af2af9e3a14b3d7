"""Pictures of what tests pass, at the width of a desk and of a phone, in one folder with an index."""

from __future__ import annotations

import html
import itertools
import json
import os
import pathlib
import re

from playwright.sync_api import Page, expect

from dev import paths

DESK, PHONE = 1366, 390
HEIGHT = 850
# A page that is longer is cut there.
MAX_HEIGHT = 1800
FOLDER_VARIABLE = "GALLERY"
# Ids of Stripe, which people should not have to look at where they are asked something.
STRIPE_ID = re.compile(r"\b(?:sub|price|prod|cus|in|pm|pi|evt|txr|si|cn)_\w{8,}")
# How much lower the window is than what it shows: parts that scroll, the open dialog, or a mail.
MISSING = """() => {
    const PARTS = ".o_form_view_container, .o_setting_container, .settings, .o_content, .o_renderer, .o_form_sheet_bg, .o_view_controller *:is(.overflow-auto), .modal-body";
    const dialogs = [...document.querySelectorAll(".modal:not(.o_inactive_modal) .modal-content")];
    const scroll = (root) => Math.max(0, ...[...root.querySelectorAll(PARTS)]
        .map((part) => part.scrollHeight - part.clientHeight));
    if (dialogs.length) {
        const { bottom } = dialogs.at(-1).getBoundingClientRect();
        return Math.max(bottom + 40 + scroll(dialogs.at(-1)), 420) - innerHeight;
    }
    if (!document.querySelector(".o_web_client, #wrapwrap")) {
        // A mail, which is as high as what is in it.
        return Math.max(...[...document.body.children].map((part) => part.getBoundingClientRect().bottom))
            + 16 - innerHeight;
    }
    const page = document.documentElement.scrollHeight - innerHeight;
    return Math.max(page, scroll(document.body));
}"""
# What is wider than its place, in the page or in the open dialog.
TOO_WIDE = """() => [document.documentElement,
    ...document.querySelectorAll(".modal-body, .o_form_sheet, .alert, .o_setting_box")]
    .filter((part) => part.scrollWidth > part.clientWidth + 1)
    .map((part) => `${part.tagName}.${part.className}: ${part.scrollWidth} > ${part.clientWidth}`)"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gallery</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{{font:15px/1.5 system-ui,sans-serif;margin:0;padding:24px;background:#f6f8fa;color:#1a1f36}}
section{{background:#fff;border-radius:8px;padding:16px 20px;margin:0 0 20px;box-shadow:0 1px 3px #0002}}
h2{{font-size:17px;margin:0}} p{{margin:2px 0 12px;color:#4f566b}}
figure{{display:inline-block;vertical-align:top;margin:0 16px 0 0}}
figcaption{{font-size:13px;color:#4f566b}} img{{border:1px solid #d5dbe1;max-width:100%}}
.w1366 img{{width:760px}} .w390 img{{width:260px}}
</style></head><body><h1>Gallery</h1>
{sections}
</body></html>
"""


class Gallery:
    """The pictures of one run; without the variable GALLERY pages are checked and no pictures are kept."""

    def __init__(self) -> None:
        self.wanted = bool(os.environ.get(FOLDER_VARIABLE))
        self.folder = pathlib.Path(os.environ.get(FOLDER_VARIABLE) or paths.STATE / "gallery")
        self.pictures: list[dict] = []
        if self.wanted:
            self.folder.mkdir(parents=True, exist_ok=True)
            for old in self.folder.glob("*.png"):
                old.unlink()

    def take(self, page: Page, name: str, caption: str, *, show: bool | int = False) -> None:
        """Take a picture of a page at the width that it has, and check what every page has to keep.

        ``show``: also among the few pictures that are kept in the repository; a width: at that one only.
        """
        width = page.viewport_size["width"]
        expect(page.locator(".o_loading_indicator")).to_have_count(0)
        page.evaluate("document.activeElement?.blur?.()")
        page.mouse.move(0, 0)
        height = self._fit(page, width)
        file = f"{name}-{width}.png"
        if self.wanted:
            page.screenshot(path=self.folder / file, animations="disabled", caret="hide")
        if height != HEIGHT:
            page.set_viewport_size({"width": width, "height": HEIGHT})
        picture = {"name": name, "width": width, "file": file, "caption": caption}
        picture["show"] = show is True or show == width
        if self.wanted:
            self.pictures.append(picture)
        self._check(page, name)

    def _fit(self, page: Page, width: int) -> int:
        """Make the window as high as what it shows; return its height in pixels."""
        height = page.viewport_size["height"]
        for _number in range(4):
            missing = round(page.evaluate(MISSING))
            wanted = min(max(height + missing, 420), MAX_HEIGHT)
            if wanted == height:
                break
            height = wanted
            page.set_viewport_size({"width": width, "height": height})
        return height

    def _check(self, page: Page, name: str) -> None:
        wide = page.evaluate(TOO_WIDE)
        assert not wide, f"{name}: {wide}"
        dialog = page.locator(".modal:not(.o_inactive_modal)")
        if dialog.count():
            found = STRIPE_ID.findall(dialog.last.inner_text())
            assert not found, f"{name}: {found}"

    def close(self) -> None:
        """Write the index, for people and for ``make gallery``."""
        if not self.wanted:
            return
        text = json.dumps(self.pictures, indent=1, ensure_ascii=False)
        (self.folder / "pictures.json").write_text(f"{text}\n")
        groups = itertools.groupby(
            sorted(self.pictures, key=lambda p: (p["name"], -p["width"])), lambda p: p["name"]
        )
        sections = "\n".join(self._section(name, list(pictures)) for name, pictures in groups)
        (self.folder / "index.html").write_text(PAGE.format(sections=sections))

    def _section(self, name: str, pictures: list[dict]) -> str:
        figures = "".join(
            f'<figure class="w{p["width"]}"><a href="{p["file"]}">'
            f'<img loading="lazy" src="{p["file"]}" alt="{html.escape(p["caption"])}"></a>'
            f"<figcaption>{p['width']} px</figcaption></figure>"
            for p in pictures
        )
        caption = html.escape(pictures[0]["caption"])
        return f"<section><h2>{html.escape(name)}</h2><p>{caption}</p>{figures}</section>"

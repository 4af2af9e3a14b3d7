"""Where the demo's outgoing mail ends: files, and a page to read them. Nothing leaves the machine."""

import argparse
import email
import email.policy
import html
import pathlib
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from aiosmtpd.controller import Controller

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f6f8fa;color:#1a1f36}}
main{{max-width:820px;margin:0 auto;padding:24px}} a{{color:#0565c9}}
article{{background:#fff;border-radius:8px;padding:16px 20px;margin:12px 0;box-shadow:0 1px 3px #0002}}
small{{color:#4f566b}} iframe{{width:100%;height:70vh;border:0;background:#fff;border-radius:8px}}
</style></head><body><main><h1>Mailbox of the demo</h1>{body}</main></body></html>"""


class Catcher:
    """Takes every mail and keeps it as a file."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder

    async def handle_DATA(self, server, session, envelope):
        """Keep one mail."""
        name = f"{time.time_ns()}.eml"
        (self._folder / f"{name}.part").write_bytes(envelope.original_content)
        (self._folder / f"{name}.part").rename(self._folder / name)
        return "250 OK"


def messages(folder: pathlib.Path) -> list[tuple[str, email.message.EmailMessage]]:
    """Name and content of all mails, the latest first."""
    found = []
    for file in sorted(folder.glob("*.eml"), reverse=True):
        parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        found.append((file.name, parsed))
    return found


def content(message: email.message.EmailMessage) -> str:
    """The body of a mail as HTML."""
    body = message.get_body(preferencelist=("html", "plain"))
    text = body.get_content() if body else ""
    if body is not None and body.get_content_type() == "text/plain":
        return f"<pre>{html.escape(text)}</pre>"
    return text


def handler(folder: pathlib.Path) -> type[BaseHTTPRequestHandler]:
    """The web page of a folder of mails."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = unquote(self.path.strip("/"))
            known = dict(messages(folder))
            if name in known:
                self._answer(content(known[name]))
                return
            rows = "".join(
                f"<article><a href='/{html.escape(key)}'>{html.escape(mail['subject'] or '')}</a><br>"
                f"<small>to {html.escape(mail['to'] or '')} · {html.escape(mail['date'] or '')}</small>"
                "</article>"
                for key, mail in known.items()
            )
            self._answer(PAGE.format(body=rows or "<p>No mail yet.</p>"))

        def _answer(self, text: str) -> None:
            data = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments) -> None:
            """Quiet."""

    return Handler


def main() -> None:
    """Catch mail until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    Controller(Catcher(options.folder), hostname="127.0.0.1", port=options.smtp).start()
    ThreadingHTTPServer(("127.0.0.1", options.http), handler(options.folder)).serve_forever()


if __name__ == "__main__":
    main()

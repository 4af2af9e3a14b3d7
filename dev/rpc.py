"""Calling Odoo as its web client does, with a user's login."""

import itertools
from typing import Any

import requests


class Odoo:
    """A session of a user."""

    def __init__(self, url: str, database: str, login: str, password: str):
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._numbers = itertools.count(1)
        self._call("/web/session/authenticate", db=database, login=login, password=password)

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of a model; raises RuntimeError with Odoo's words when it fails."""
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self._call(path, model=model, method=method, args=args, kwargs=kwargs)

    def _call(self, path: str, **params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._numbers), "method": "call", "params": params}
        answer = self._session.post(f"{self.url}{path}", json=body, timeout=120).json()
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["message"])
        return answer.get("result")

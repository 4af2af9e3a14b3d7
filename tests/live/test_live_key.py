"""What keeps the key of the account from going where it should not."""

import pytest

from dev import live


@pytest.mark.parametrize("key", ["sk_live_1234567890", "rk_live_1234567890", "pk_test_1234567890"])
def test_other_keys_are_refused(monkeypatch, key):
    """Only test mode, and without repeating the key."""
    monkeypatch.setenv(live.KEY_VARIABLE, key)
    with pytest.raises(SystemExit) as refusal:
        live.given_key()
    assert key not in str(refusal.value)


@pytest.mark.parametrize("key", ["sk_test_1234567890", "rk_test_1234567890", ""])
def test_keys_of_test_mode(monkeypatch, key):
    """Both kinds of secret keys, and none."""
    monkeypatch.setenv(live.KEY_VARIABLE, f" {key} ")
    assert live.given_key() == key


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_key_is_never_printed(size):
    """Whatever the pieces in which the text comes."""
    key = b"sk_test_sk_test_1"
    text = b"a sk_test_sk_test_sk_test_1 b " + key + b" sk_test_s" + key + key + b" sk_tes"
    chunks = (text[start : start + size] for start in range(0, len(text), size))
    shown = b"".join(live.hidden(chunks, key))
    assert key not in shown
    assert shown == text.replace(key, b"(key)")

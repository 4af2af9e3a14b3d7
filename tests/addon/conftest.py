"""The order of the addon's tests."""


def pytest_collection_modifyitems(items):
    """Begin with the classes that say they take long, so that no worker has one of them left at the end."""
    items.sort(key=lambda item: not getattr(item.cls, "takes_long", False))

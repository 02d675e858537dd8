from collections.abc import Mapping
from typing import Any

__version__: str

class ConnectorError(RuntimeError):
    """The connector failed. The text says why, in a sentence or two."""

def schema(configuration: Mapping[str, str]) -> list[dict[str, Any]]: ...
def update(configuration: Mapping[str, str], state: dict[str, Any]) -> None: ...
def test(name: str, configuration: Mapping[str, str]) -> str | None:
    """Run a setup test. Returns why it failed, or None."""

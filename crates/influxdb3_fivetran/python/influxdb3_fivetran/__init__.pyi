from collections.abc import Mapping
from typing import Any

from fivetran_connector_sdk import ConfigurationForm

__all__ = ["configuration_form", "schema", "update"]

def configuration_form() -> ConfigurationForm: ...
def schema(configuration: Mapping[str, str]) -> list[dict[str, Any]]: ...
def update(configuration: Mapping[str, str], state: dict[str, Any]) -> None: ...

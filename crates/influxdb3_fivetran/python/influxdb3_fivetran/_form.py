"""The setup form, made of data: no engine is needed, and none is loaded."""

import json
import os


def configuration_form():
    """Make the setup form, with its tests. It needs fivetran_connector_sdk 2.10.3 or newer."""
    from fivetran_connector_sdk import ConfigurationForm

    with open(os.path.join(os.path.dirname(__file__), "form.json"), encoding="utf-8") as file:
        described = json.load(file)
    form = ConfigurationForm()
    for field in described["fields"]:
        form.add_field(_field(field))
    for test in described["tests"]:
        form.add_test(label=test["label"], func=_test(test["name"]))
    return form


def _field(described):
    from fivetran_connector_sdk import form_field

    described = dict(described)
    kind = described.pop("kind")
    options = described.pop("options", None)
    name, label = described.pop("name"), described.pop("label")
    # The rest are arguments of every kind of field, by their names.
    if kind == "toggle":
        return form_field.ToggleField(name, label, **described)
    if kind == "choice":
        fields = [form_field.DropdownFieldParam(**option) for option in options]
        return form_field.DropdownField(name, label, fields=fields, **described)
    text = form_field.TextField
    return text(name, label, text.password if kind == "password" else text.plain_text, **described)


def _test(name):
    def test(configuration):
        from fivetran_connector_sdk import Test

        try:
            from . import _load

            failure = _load().test(name, configuration)
        except Exception as error:  # The SDK would answer it with a traceback.
            failure = str(error)
        return Test().success() if failure is None else Test().failure(failure)

    # The SDK knows a test by this.
    test.__name__ = name
    return test

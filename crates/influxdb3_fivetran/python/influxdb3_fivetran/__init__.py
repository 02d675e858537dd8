"""InfluxDB 3 inside Fivetran's Connector SDK.

Pass the three functions to the SDK's ``Connector``::

    connector = Connector(update=update, schema=schema, configuration_form=configuration_form)

They take and give plain values of Python, so that they can be wrapped. The engine behind them is a
compiled module, which is imported when it is called and not before: the form can be made, and the
connector deployed, on a computer for which there is no engine.
"""

from ._form import configuration_form

__all__ = ["configuration_form", "schema", "update"]


def schema(configuration):
    """List the tables: a dict for each, as the SDK's ``schema`` is to return them."""
    return _load().schema(configuration)


def update(configuration, state):
    """Run a sync from ``state``, which is an empty dict at first.

    ``schema`` has to be called before it in the same process, as the SDK does.
    """
    _load().update(configuration, state)


def _load():
    import sys

    if sys.version_info < (3, 10):
        raise RuntimeError(
            "influxdb3_fivetran needs Python 3.10 or newer, and this is Python %d.%d."
            % sys.version_info[:2]
        )
    try:
        from . import _engine
    except ImportError as error:
        raise RuntimeError(
            "The engine of influxdb3_fivetran cannot be loaded here (%s). Syncs run in Fivetran, on "
            "Linux with glibc 2.28 or newer and x86-64; to run one on this computer, install the "
            "package's wheel for this system, if there is one." % error
        ) from None
    return _engine

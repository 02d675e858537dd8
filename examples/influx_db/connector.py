"""InfluxDB 3 to any warehouse: the whole connector. `fivetran deploy` in this folder deploys it."""

import influxdb3_fivetran as influxdb3
from fivetran_connector_sdk import Connector

connector = Connector(
    update=influxdb3.update,
    schema=influxdb3.schema,
    configuration_form=influxdb3.configuration_form,
)

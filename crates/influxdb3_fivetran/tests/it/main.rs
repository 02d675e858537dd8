//! The generated file of the Python package.

use connector_sdk_adapter::form_json;
use influx_source::{FIELDS, InfluxSource};
use snapbox::{assert_data_eq, file};
use sync_core::Source;

/// After a change of the fields: `SNAPSHOTS=overwrite cargo test -p influxdb3_fivetran`.
#[test]
fn the_form_is_made_of_the_fields() {
    let form = form_json(FIELDS, InfluxSource::default().setup_tests());
    assert_data_eq!(form, file!["../../python/influxdb3_fivetran/form.json"].raw());
}

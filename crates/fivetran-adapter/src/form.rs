//! Makes the setup form of the fields of a configuration.

use fivetran_wire::form_field::Type;
use fivetran_wire::{
    ConfigurationFormResponse, ConfigurationTest, DescriptiveDropDownField,
    DescriptiveDropDownFields, DropdownField, FormField, TextField, ToggleField, UploadField,
};
use sync_config::{Choice, Field, Kind, Requirement};
use sync_core::SetupTest;

/// The form with these fields and tests, in the order in which the customer sees them.
pub(crate) fn response(fields: &[&Field], tests: &[SetupTest]) -> ConfigurationFormResponse {
    let test = |test: &SetupTest| ConfigurationTest {
        name: test.name.to_owned(),
        label: test.label.to_owned(),
    };
    ConfigurationFormResponse {
        schema_selection_supported: true,
        table_selection_supported: true,
        fields: fields.iter().map(|field| form_field(field)).collect(),
        tests: tests.iter().map(test).collect(),
    }
}

fn form_field(field: &Field) -> FormField {
    let (required, default_value) = match field.requirement {
        Requirement::Required => (true, None),
        Requirement::Optional => (false, None),
        Requirement::Default(text) => (false, Some(text.to_owned())),
    };
    FormField {
        name: field.name.to_owned(),
        label: field.label.to_owned(),
        required: Some(required),
        description: Some(field.description.to_owned()),
        default_value,
        placeholder: field.placeholder.map(str::to_owned),
        r#type: Some(field_type(field.kind)),
    }
}

fn field_type(kind: Kind) -> Type {
    match kind {
        Kind::Text => Type::TextField(TextField::PlainText.into()),
        Kind::Secret => Type::TextField(TextField::Password.into()),
        Kind::Toggle => Type::ToggleField(ToggleField {}),
        Kind::Choice(options) => choice(&options()),
        Kind::Upload { extensions, max_bytes } => Type::UploadField(UploadField {
            allowed_file_type: extensions.iter().map(|&extension| extension.to_owned()).collect(),
            max_file_size_bytes: i32::try_from(max_bytes).unwrap_or(i32::MAX),
        }),
    }
}

/// A plain list shows the values themselves. If options have labels or descriptions, it is a
/// descriptive list.
fn choice(options: &[Choice]) -> Type {
    let plain = |option: &Choice| option.description.is_empty() && option.label == option.value;
    if options.iter().all(plain) {
        let values = options.iter().map(|option| option.value.to_owned());
        return Type::DropdownField(DropdownField { dropdown_field: values.collect() });
    }
    let described = |option: &Choice| DescriptiveDropDownField {
        value: option.value.to_owned(),
        label: option.label.to_owned(),
        description: option.description.to_owned(),
    };
    Type::DescriptiveDropDownFields(DescriptiveDropDownFields {
        descriptive_dropdown_field: options.iter().map(described).collect(),
    })
}

//! `ConfigurationForm`: what a customer is asked, and the tests that are run on the answers.

/// Asks for the form; empty.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ConfigurationFormRequest {}

/// The setup form and the names of its tests.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConfigurationFormResponse {
    /// Whether customers may choose schemas.
    #[prost(bool, tag = "1")]
    pub schema_selection_supported: bool,
    /// Whether customers may choose tables.
    #[prost(bool, tag = "2")]
    pub table_selection_supported: bool,
    /// The fields, in order.
    #[prost(message, repeated, tag = "3")]
    pub fields: Vec<FormField>,
    /// What "Save & Test" runs, in order.
    #[prost(message, repeated, tag = "4")]
    pub tests: Vec<ConfigurationTest>,
}

/// One question of the form.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FormField {
    /// Its key in the configuration.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The title above the field.
    #[prost(string, tag = "2")]
    pub label: String,
    /// Whether it must be filled in.
    #[prost(bool, optional, tag = "3")]
    pub required: Option<bool>,
    /// The text under the field.
    #[prost(string, optional, tag = "4")]
    pub description: Option<String>,
    /// What is set when the customer sets nothing.
    #[prost(string, optional, tag = "8")]
    pub default_value: Option<String>,
    /// What an empty field shows.
    #[prost(string, optional, tag = "9")]
    pub placeholder: Option<String>,
    /// What the customer sees: a line of text, a list, a switch, a file.
    #[prost(oneof = "form_field::Type", tags = "5, 6, 7, 10, 11, 12")]
    pub r#type: Option<form_field::Type>,
}

/// The kinds of [`FormField`].
pub mod form_field {
    /// What the customer sees.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Type {
        /// A line of text; a [`TextField`](super::TextField).
        #[prost(enumeration = "super::TextField", tag = "5")]
        TextField(i32),
        /// One of a list.
        #[prost(message, tag = "6")]
        DropdownField(super::DropdownField),
        /// On or off; arrives as `true` or `false`.
        #[prost(message, tag = "7")]
        ToggleField(super::ToggleField),
        /// Fields shown only under a condition.
        #[prost(message, tag = "10")]
        ConditionalFields(super::ConditionalFields),
        /// A file; arrives as base64.
        #[prost(message, tag = "11")]
        UploadField(super::UploadField),
        /// One of a list, each option explained.
        #[prost(message, tag = "12")]
        DescriptiveDropDownFields(super::DescriptiveDropDownFields),
    }
}

/// How a line of text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum TextField {
    /// As it is typed.
    PlainText = 0,
    /// Masked, and kept as a secret.
    Password = 1,
    /// Not at all.
    Hidden = 2,
}

/// One of a list.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DropdownField {
    /// The options: what is shown is what is stored.
    #[prost(string, repeated, tag = "1")]
    pub dropdown_field: Vec<String>,
}

/// On or off; empty.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ToggleField {}

/// A file.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct UploadField {
    /// Extensions that may be chosen, each with its dot.
    #[prost(string, repeated, tag = "1")]
    pub allowed_file_type: Vec<String>,
    /// The largest file, in bytes.
    #[prost(int32, tag = "2")]
    pub max_file_size_bytes: i32,
}

/// One of a list, each option explained.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DescriptiveDropDownFields {
    /// The options.
    #[prost(message, repeated, tag = "1")]
    pub descriptive_dropdown_field: Vec<DescriptiveDropDownField>,
}

/// An option with its explanation.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DescriptiveDropDownField {
    /// What is stored.
    #[prost(string, tag = "1")]
    pub value: String,
    /// What is shown.
    #[prost(string, tag = "2")]
    pub label: String,
    /// What it means.
    #[prost(string, tag = "3")]
    pub description: String,
}

/// Fields that are shown when a condition holds.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConditionalFields {
    /// The condition.
    #[prost(message, optional, tag = "1")]
    pub condition: Option<VisibilityCondition>,
    /// The fields.
    #[prost(message, repeated, tag = "2")]
    pub fields: Vec<FormField>,
}

/// A condition on a field that stands before the conditional ones.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct VisibilityCondition {
    /// The name of the field that decides.
    #[prost(string, tag = "1")]
    pub condition_field: String,
    /// What its value must be.
    #[prost(oneof = "visibility_condition::VisibleWhen", tags = "2, 3, 4")]
    pub visible_when: Option<visibility_condition::VisibleWhen>,
}

/// The kinds of [`VisibilityCondition`].
pub mod visibility_condition {
    /// What the deciding field's value must be.
    #[derive(Clone, PartialEq, Eq, Hash, prost::Oneof)]
    pub enum VisibleWhen {
        /// The switch stands like this.
        #[prost(bool, tag = "2")]
        BoolValue(bool),
        /// The field has this text or option.
        #[prost(string, tag = "3")]
        StringValue(String),
        /// The field is empty.
        #[prost(bool, tag = "4")]
        EmptyValue(bool),
    }
}

/// A test that can be asked for by name.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ConfigurationTest {
    /// Unique; comes back in a [`TestRequest`](crate::TestRequest).
    #[prost(string, tag = "1")]
    pub name: String,
    /// A few words for the customer.
    #[prost(string, tag = "2")]
    pub label: String,
}

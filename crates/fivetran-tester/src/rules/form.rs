//! Rules of the setup form.

use std::collections::BTreeSet;

use fivetran_wire::{ConfigurationFormResponse, FormField, form_field::Type};

use super::{Breaches, Place, Rule};

pub(crate) fn check_form(form: &ConfigurationFormResponse, breaches: &mut Breaches) {
    check_fields(&form.fields, BTreeSet::new(), &mut BTreeSet::new(), breaches);
    let mut tests = BTreeSet::new();
    for test in &form.tests {
        if !tests.insert(test.name.as_str()) {
            breaches.note(Rule::DuplicateTest, Place::Connector, || format!("`{}`", test.name));
        }
    }
}

/// Walks the fields as they stand in the form. `beside` are the names that these fields are shown with, so that none may come
/// twice (groups under different conditions may share names); `earlier` are all names before them, which conditions can be on.
fn check_fields<'a>(
    fields: &'a [FormField],
    mut beside: BTreeSet<&'a str>,
    earlier: &mut BTreeSet<&'a str>,
    breaches: &mut Breaches,
) {
    for field in fields {
        match &field.r#type {
            // A group of fields stands for nothing in the configuration: its own name is not a key.
            Some(Type::ConditionalFields(group)) => {
                let on = group.condition.as_ref().map(|condition| &condition.condition_field);
                if !on.is_some_and(|on| earlier.contains(on.as_str())) {
                    breaches.note(Rule::ConditionWithoutField, Place::Connector, || match on {
                        Some(on) => format!("`{on}`, in `{}`", field.name),
                        None => format!("no condition at all, in `{}`", field.name),
                    });
                }
                check_fields(&group.fields, beside.clone(), earlier, breaches);
            }
            _ => {
                earlier.insert(&field.name);
                if !beside.insert(&field.name) {
                    let name = || format!("`{}`", field.name);
                    breaches.note(Rule::DuplicateField, Place::Connector, name);
                }
            }
        }
    }
}

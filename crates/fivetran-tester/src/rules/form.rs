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

/// Checks fields, and those of conditional groups.
///
/// `beside` has the names of the fields that are shown together with these, of which none may be
/// there twice. Groups under different conditions may share names. `earlier` has all names before
/// these fields, which a condition can refer to.
fn check_fields<'a>(
    fields: &'a [FormField],
    mut beside: BTreeSet<&'a str>,
    earlier: &mut BTreeSet<&'a str>,
    breaches: &mut Breaches,
) {
    for field in fields {
        match &field.r#type {
            // The name of a group itself is not a key of the configuration.
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

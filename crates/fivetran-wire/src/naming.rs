//! How Fivetran names tables and columns in a warehouse, under its default naming.
//!
//! The rules come from Fivetran's page "schema-table-name-normalization":
//! <https://fivetran.com/docs/connector-sdk/troubleshooting/schema-table-name-normalization>. Names
//! of the source that become equal merge into one table or column, so both sides have to know the
//! rules.
//!
//! The page does not say what happens in two cases. We read it so: several capitals are one word
//! (`HTTPStatus` is `httpstatus`), and a capital after a digit starts a word. [`deunicode`]
//! transliterates letters outside of Latin scripts, and may differ from Fivetran there.

/// The name that Fivetran gives to a table.
///
/// ```
/// use fivetran_wire::naming;
///
/// assert_eq!(naming::table("userData"), "user_data");
/// assert_eq!(naming::table("cpu.load"), naming::table("cpu-load"));
/// ```
#[must_use]
pub fn table(source: &str) -> String {
    let name = snake_case(source);
    match name.strip_prefix('_') {
        // Only tables lose the underscore, and only before a letter: `_7days` keeps it.
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic()) => rest.to_owned(),
        _ => name,
    }
}

/// The name that Fivetran gives to a column or a schema.
///
/// ```
/// assert_eq!(fivetran_wire::naming::column("_Größe"), "_grosse");
/// ```
#[must_use]
pub fn column(source: &str) -> String {
    snake_case(source)
}

fn snake_case(source: &str) -> String {
    let mut name = String::with_capacity(source.len() + 4);
    let mut ends_a_word = false;
    for c in deunicode::deunicode_with_tofu(source, "_").chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && ends_a_word) {
            underscore(&mut name);
        }
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        }
        ends_a_word = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// Adds an underscore, unless the last character is one.
fn underscore(name: &mut String) {
    if !name.ends_with('_') {
        name.push('_');
    }
}

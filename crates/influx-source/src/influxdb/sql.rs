//! The SQL that is sent. Names are always quoted, and times are the only values.
//!
//! Every data query has both bounds, plain and joined by AND, since only then does InfluxDB 3 Core
//! skip files; none has an `ORDER BY`, since sorting needs memory that the server may not have.

use sync_engine::{Bin, Columns, Item, TIME, Window};

/// Reads columns of a measurement in a window.
pub(crate) fn select(measurement: &str, columns: &Columns, window: Window) -> String {
    format!("SELECT {} FROM {} WHERE {}", listed(columns), quoted(measurement), within(window))
}

fn listed(columns: &Columns) -> String {
    let items = match columns {
        Columns::All => return "*".to_owned(),
        Columns::Listed(items) => items,
    };
    let items = items.iter().map(|item| match item {
        Item::Column(name) => quoted(name),
        Item::TagOrEmpty(name) => format!("coalesce({0}, '') AS {0}", quoted(name)),
    });
    items.collect::<Vec<_>>().join(", ")
}

/// Both bounds, as only then files are skipped.
fn within(window: Window) -> String {
    let time = quoted(TIME);
    format!("{time} >= {} AND {time} < {}", instant(window.from()), instant(window.to()))
}

/// A time as a number, in a cast that every release reads.
///
/// As a text it could not be earlier than 1677-09-21T00:12:44Z, which InfluxDB's SQL refuses
/// although it keeps earlier points.
fn instant(nanoseconds: i64) -> String {
    format!("arrow_cast({nanoseconds}, 'Timestamp(Nanosecond, None)')")
}

/// Asks for the columns that there are, and for no row.
pub(crate) fn columns(measurement: &str) -> String {
    format!("SELECT * FROM {} LIMIT 0", quoted(measurement))
}

/// Counts the points of a measurement in bins of time: the start of each bin that has any, their
/// number, and for each of some columns that of its values that are not null.
pub(crate) fn counts(measurement: &str, fields: &[String], window: Window, bin: Bin) -> String {
    let bin = match bin {
        Bin::Day => "1 day",
        Bin::Hour => "1 hour",
    };
    // A sum of them would be a deep expression where there are many columns.
    let values: String = fields
        .iter()
        .enumerate()
        .map(|(number, field)| format!(", count({}) AS v{number}", quoted(field)))
        .collect();
    format!(
        "SELECT date_bin(INTERVAL '{bin}', {}) AS bin, count(*) AS points{values} FROM {} WHERE {} \
         GROUP BY 1",
        quoted(TIME),
        quoted(measurement),
        within(window),
    )
}

/// Asks whether a measurement has a point in a window: one row at most.
pub(crate) fn any_point(measurement: &str, window: Window) -> String {
    format!(
        "{} LIMIT 1",
        select(measurement, &Columns::Listed(vec![Item::Column(TIME.to_owned())]), window)
    )
}

/// A name in double quotes, which keep its case and let it hold anything; quotes in it are doubled.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{any_point, columns, counts, select};
    use proptest::prelude::*;
    use sqlparser::ast::{
        Expr, Ident, ObjectNamePart, SelectItem, SetExpr, Statement, TableFactor,
    };
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;
    use sync_engine::{Bin, Columns, Item, Window};

    fn window() -> Window {
        Window::new(0, 1_748_846_218_190_260_123).unwrap()
    }

    #[test]
    fn names_are_quoted_and_both_bounds_are_there() {
        let items =
            [Item::Column("Tag \"One\"".to_owned()), Item::TagOrEmpty("o'brien".to_owned())];
        insta::assert_snapshot!(
            select("Mixed; DROP TABLE x --", &Columns::Listed(items.into()), window()),
            @r#"SELECT "Tag ""One""", coalesce("o'brien", '') AS "o'brien" FROM "Mixed; DROP TABLE x --" WHERE "time" >= arrow_cast(0, 'Timestamp(Nanosecond, None)') AND "time" < arrow_cast(1748846218190260123, 'Timestamp(Nanosecond, None)')"#
        );
        insta::assert_snapshot!(
            select("m", &Columns::All, window()),
            @r#"SELECT * FROM "m" WHERE "time" >= arrow_cast(0, 'Timestamp(Nanosecond, None)') AND "time" < arrow_cast(1748846218190260123, 'Timestamp(Nanosecond, None)')"#
        );
        insta::assert_snapshot!(columns("m"), @r#"SELECT * FROM "m" LIMIT 0"#);
        insta::assert_snapshot!(
            counts("m", &["a\"b".to_owned(), "f".to_owned()], window(), Bin::Day),
            @r#"SELECT date_bin(INTERVAL '1 day', "time") AS bin, count(*) AS points, count("a""b") AS v0, count("f") AS v1 FROM "m" WHERE "time" >= arrow_cast(0, 'Timestamp(Nanosecond, None)') AND "time" < arrow_cast(1748846218190260123, 'Timestamp(Nanosecond, None)') GROUP BY 1"#
        );
        insta::assert_snapshot!(
            any_point("m", window()),
            @r#"SELECT "time" FROM "m" WHERE "time" >= arrow_cast(0, 'Timestamp(Nanosecond, None)') AND "time" < arrow_cast(1748846218190260123, 'Timestamp(Nanosecond, None)') LIMIT 1"#
        );
    }

    /// Any name; and often one of what could end a name, begin a comment, or join a second
    /// statement.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![".+", r#"["'`;\\()*/, .a-z$%\[\]-]{1,16}"#]
    }

    fn parsed(sql: &str) -> Statement {
        let mut statements = Parser::parse_sql(&GenericDialect {}, sql).unwrap();
        assert_eq!(statements.len(), 1, "{sql}");
        statements.remove(0)
    }

    fn quoted(name: &str) -> Ident {
        Ident::with_quote('"', name)
    }

    /// What is selected, and from what: the places of a statement in which names stand.
    fn places(statement: &mut Statement) -> (&mut Vec<SelectItem>, &mut ObjectNamePart) {
        let Statement::Query(query) = statement else { panic!("not a query") };
        let SetExpr::Select(select) = query.body.as_mut() else { panic!("not a select") };
        let [from] = select.from.as_mut_slice() else { panic!("not one table") };
        let TableFactor::Table { name, .. } = &mut from.relation else { panic!("not a table") };
        let [name] = name.0.as_mut_slice() else { panic!("not one name") };
        (&mut select.projection, name)
    }

    proptest! {
        #[test]
        fn whatever_the_names_there_is_one_table_one_projection_two_bounds_and_nothing_else(
            measurement in name(),
            columns in proptest::collection::vec(name(), 1..4),
        ) {
            let listed = |names: Vec<String>| {
                Columns::Listed(names.into_iter().map(Item::Column).collect())
            };
            let built = parsed(&select(&measurement, &listed(columns.clone()), window()));

            // A statement with plain names, in which the names are then put where names stand.
            let plain = (0..columns.len()).map(|number| format!("c{number}")).collect();
            let mut expected = parsed(&select("m", &listed(plain), window()));
            let (projection, table) = places(&mut expected);
            *table = ObjectNamePart::Identifier(quoted(&measurement));
            let items = columns
                .iter()
                .map(|name| SelectItem::UnnamedExpr(Expr::Identifier(quoted(name))));
            *projection = items.collect();
            prop_assert_eq!(&built, &expected);

            let Statement::Query(query) = built else { panic!("not a query") };
            prop_assert!(query.order_by.is_none() && query.limit_clause.is_none());
            let bounds = query.body.as_select().and_then(|select| select.selection.as_ref());
            prop_assert_eq!(
                bounds.map(ToString::to_string),
                Some(
                    "\"time\" >= arrow_cast(0, 'Timestamp(Nanosecond, None)') AND \
                     \"time\" < arrow_cast(1748846218190260123, 'Timestamp(Nanosecond, None)')"
                        .to_owned()
                )
            );
        }

        #[test]
        fn whatever_the_name_every_other_question_is_about_one_table(measurement in name()) {
            type Question = fn(&str) -> String;
            let questions: [Question; 5] = [
                columns,
                |name| any_point(name, window()),
                |name| counts(name, &[], window(), Bin::Day),
                |name| counts(name, &[], window(), Bin::Hour),
                |name| select(name, &Columns::All, window()),
            ];
            for question in questions {
                let mut expected = parsed(&question("m"));
                *places(&mut expected).1 = ObjectNamePart::Identifier(quoted(&measurement));
                prop_assert_eq!(parsed(&question(&measurement)), expected);
            }
        }
    }
}

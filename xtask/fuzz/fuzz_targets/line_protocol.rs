//! Writes line protocol into the fake. The first line of an input is the precision, the
//! others are points.
#![no_main]

use influx_fake::WriteError;
use influx_fake::fuzzing::Lines;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (precision, lines) = text.split_once('\n').unwrap_or(("ns", text));
    let partial = Lines::default();
    let Some(result) = partial.write(lines, precision, false) else { return };

    let written = lines.split('\n').count();
    let refused = match &result {
        Ok(()) => 0,
        Err(WriteError::Partial(errors)) => {
            for error in errors {
                assert!((1..=written).contains(&error.line_number), "{error}");
                assert!(lines.contains(&error.original_line), "{error}");
                assert!(!error.message.is_empty());
            }
            errors.len()
        }
        Err(WriteError::Refused(error)) => panic!("a line that may be left out ended all: {error}"),
        Err(WriteError::NotKept(error)) => panic!("nothing is kept here: {error}"),
    };
    let tables = partial.tables();
    let rows: usize = tables.iter().map(|(_, _, rows)| rows).sum();
    assert!(rows + refused <= written, "{rows} rows and {refused} errors of {written} lines");
    for (table, columns, rows) in &tables {
        // A time and a field at least; and files hold what queries see.
        assert!(*columns >= 2 && *rows >= 1, "{table:?}");
        assert_eq!(partial.rows_in_files(table), *rows, "{table:?}");
    }

    // Either all lines are written, or none is, and the first error is returned.
    let whole = Lines::default();
    match (whole.write(lines, precision, true), result) {
        (Some(Ok(())), Ok(())) => assert_eq!(whole.tables(), tables),
        (Some(Err(WriteError::Refused(first))), Err(WriteError::Partial(errors))) => {
            assert_eq!(errors.first(), Some(&first));
            assert!(whole.tables().is_empty());
        }
        (whole, partial) => panic!("{whole:?} at once, and {partial:?} line by line"),
    }
});

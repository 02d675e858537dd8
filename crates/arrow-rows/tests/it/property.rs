//! Compares any batch of supported types with the reference.

use arrow_rows::{ArrowRows, TimeText, column_type};
use proptest::prelude::*;
use sync_core::{Column, Rows, Table};

use crate::reference::expected;
use crate::strategy::record_batches;

proptest! {
    #[test]
    fn any_batch_reads_as_its_cells_do(batch in record_batches(20)) {
        let schema = batch.schema();
        let columns = schema.fields().iter().map(|field| {
            Column::new(field.name(), column_type(field.data_type()).unwrap())
        });
        let table = Table::new("t", columns.collect());
        let mut rows = ArrowRows::new(&schema, &table, TimeText::Nanoseconds).unwrap();
        // Read it twice, since the second time reuses the memory of the first.
        for _ in 0..2 {
            let mut lent = rows.of(&batch).unwrap();
            for row in 0..batch.num_rows() {
                let values = lent.next_row().unwrap().unwrap();
                for (value, array) in values.iter().zip(batch.columns()) {
                    let read = format!("{value:?}");
                    prop_assert_eq!(read, expected(array, row), "{}", array.data_type());
                }
            }
            prop_assert_eq!(lent.next_row(), Ok(None));
        }
    }
}

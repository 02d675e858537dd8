//! Reads a value of `row_data` as of a column of each type: the tester reads nothing that the
//! Connector SDK does not write.
#![no_main]

use fivetran_tester::fuzzing::is_read_as_the_sdk_writes_it;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| is_read_as_the_sdk_writes_it(input));

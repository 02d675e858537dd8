//! A message of `Update`, as it comes from a connector under test: the tester reads it in place,
//! and prost must read the same.
#![no_main]

use fivetran_tester::fuzzing::is_read_as_prost_reads_it;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| is_read_as_prost_reads_it(input));

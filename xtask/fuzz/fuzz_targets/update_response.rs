//! Decodes a message of `Update`: the tester has to read the same as prost.
#![no_main]

use fivetran_tester::fuzzing::is_read_as_prost_reads_it;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| is_read_as_prost_reads_it(input));

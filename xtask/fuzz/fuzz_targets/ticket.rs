//! Parses a `DoGet` ticket, as a client sends it to the fake.
#![no_main]

use arrow_flight::sql::Any;
use influx_fake::fuzzing::{ticket, ticket_of_command};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use tonic::Code;

fuzz_target!(|input: &[u8]| {
    match ticket(input) {
        Ok(asked) => assert_eq!(ticket(input).ok(), Some(asked)),
        // Everything that is no ticket gets the same answer, as from the real server.
        Err(status) => {
            let said = (status.code(), status.message());
            assert_eq!(said, (Code::InvalidArgument, "Invalid ticket. Error: Invalid ticket"));
        }
    }

    // A command is the same after encoding and decoding.
    let Ok(database) = std::str::from_utf8(&input[..input.len() / 2]) else { return };
    let value = input[input.len() / 2..].to_vec().into();
    let command = Any { type_url: database.to_owned(), value };
    let asked = ticket(&ticket_of_command(database, command.encode_to_vec().into()));
    let asked = asked.expect("a ticket of ours can be read");
    assert_eq!((asked.database.as_str(), asked.query), (database, format!("{command:?}")));
});

//! The text that people write for a host.
#![no_main]

use influx_flight::{Endpoint, Scheme};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(text) = fuzz::text(input) else { return };
    if let Ok(endpoint) = text.parse::<Endpoint>() {
        let shown = endpoint.to_string();
        assert_eq!(shown.parse().as_ref(), Ok(&endpoint), "{text:?} became {shown:?}");
        assert!(!endpoint.host().is_empty() && endpoint.port() != 0, "{shown}");
        assert!(!shown.contains(['?', '#']) && !shown.contains(char::is_whitespace), "{shown}");
        assert!(!shown[..shown.len() - endpoint.path().len()].contains('@'), "{shown}");
        // Nobody gets plain text who did not ask for it, except on this machine.
        let asked = text.trim_start().get(..7).is_some_and(|it| it.eq_ignore_ascii_case("http://"));
        assert!(endpoint.scheme() == Scheme::Https || asked || endpoint.is_loopback(), "{shown}");
    }

    // Wherever somebody puts a user name and a password, and whatever is in them, nothing repeats
    // the password.
    for (place, _) in text.char_indices().take(64) {
        let (before, rest) = text.split_at(place);
        let (more, after) = rest.split_at(rest.floor_char_boundary(rest.len() / 2));
        let with_password = format!("{before}user:{}{more}@{after}", fuzz::SECRET);
        match with_password.parse::<Endpoint>() {
            // Behind the host, it is the path of somebody's choice.
            Ok(endpoint) => assert!(endpoint.path().contains(fuzz::SECRET), "{with_password:?}"),
            Err(error) => {
                let said = format!("{error} {error:?} {:?}", error.problem());
                assert!(!said.contains(fuzz::SECRET), "{with_password:?}: {said}");
            }
        }
    }
});

//! Parses the address of a host, as people type it.
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
        // Without TLS only if `http://` was typed, or on this machine.
        let asked = text.trim_start().get(..7).is_some_and(|it| it.eq_ignore_ascii_case("http://"));
        assert!(endpoint.scheme() == Scheme::Https || asked || endpoint.is_loopback(), "{shown}");
    }

    // A password in the address is in no output, wherever it stands.
    for (place, _) in text.char_indices().take(64) {
        let (before, rest) = text.split_at(place);
        let (more, after) = rest.split_at(rest.floor_char_boundary(rest.len() / 2));
        let with_password = format!("{before}user:{}{more}@{after}", fuzz::SECRET);
        match with_password.parse::<Endpoint>() {
            // Behind the host it is a part of the path.
            Ok(endpoint) => assert!(endpoint.path().contains(fuzz::SECRET), "{with_password:?}"),
            Err(error) => {
                let said = format!("{error} {error:?} {:?}", error.problem());
                assert!(!said.contains(fuzz::SECRET), "{with_password:?}: {said}");
            }
        }
    }
});

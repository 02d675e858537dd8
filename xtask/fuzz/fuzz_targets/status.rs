//! Classifies a gRPC status, as InfluxDB or a proxy sends it: a line each for its code and its
//! `retry-after`, then the message.
#![no_main]

use influx_flight::{ErrorKind, Target, classify};
use libfuzzer_sys::fuzz_target;
use tonic::{Code, Status};

fuzz_target!(|input: &[u8]| {
    let Some(text) = fuzz::text(input) else { return };
    let mut parts = text.splitn(3, '\n');
    let code = Code::from(parts.next().and_then(|code| code.parse().ok()).unwrap_or(2));
    let wait = parts.next().unwrap_or_default();
    let message = parts.next().unwrap_or_default().replace("{token}", fuzz::SECRET);
    let mut status = Status::new(code, &message);
    if let Ok(wait) = wait.parse() {
        status.metadata_mut().insert("retry-after", wait);
    }

    let kind = classify(&status);
    let endpoint = "influxdb.example.com".parse().expect("an address");
    let target = Target::new(endpoint, "plant").with_token(fuzz::SECRET.into());
    let error = influx_flight::fuzzing::error(status, &target);
    assert_eq!(std::mem::discriminant(error.kind()), std::mem::discriminant(&kind));
    let mut said = format!("{error} {error:?} {:?}", error.kind());
    assert!(error.to_string().contains("influxdb.example.com"), "{error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        said += &format!("{error} {error:?}");
        cause = error.source();
    }
    assert!(!said.contains(fuzz::SECRET), "{said}");
    if let ErrorKind::RateLimited { retry_after: Some(after) } = kind {
        assert_eq!(wait.trim().parse(), Ok(after.as_secs()));
    }
});

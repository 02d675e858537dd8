//! What releases of InfluxDB 3 are known to do to answers.

use semver::Version;

/// From this release on an answer has all points while a snapshot is written.
const WHOLE_WHILE_PERSISTING: Version = Version::new(3, 11, 2);
/// From this release on a point that was overwritten is answered with its last value
/// (influxdata/influxdb#27548).
const LAST_VALUE_WINS: Version = Version::new(3, 11, 4);

/// What a release is known to do to answers, each a sentence for the customer.
pub(crate) fn caveats(release: &Version) -> Vec<String> {
    let mut caveats = Vec::new();
    if *release < WHOLE_WHILE_PERSISTING {
        caveats.push(format!(
            "InfluxDB {release} may leave points out of an answer while it writes them to files; \
             later syncs find them. Update it to {WHOLE_WHILE_PERSISTING} or later."
        ));
    }
    if *release < LAST_VALUE_WINS {
        caveats.push(format!(
            "InfluxDB {release} may answer a point that was overwritten with an earlier value, \
             until \
             the point is in a file (influxdata/influxdb#27548); the sync after that corrects it \
             where the server shows its files. Update it to {LAST_VALUE_WINS} or later."
        ));
    }
    caveats
}

#[cfg(test)]
mod tests {
    use super::caveats;

    #[test]
    fn only_earlier_releases_have_caveats() {
        for (release, count) in
            [("3.10.0-nightly", 2), ("3.11.1", 2), ("3.11.2", 1), ("3.11.4", 0), ("4.0.0", 0)]
        {
            assert_eq!(caveats(&release.parse().unwrap()).len(), count, "{release}");
        }
    }
}

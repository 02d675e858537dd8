//! The files of a table, as the fake lists them.

use std::collections::BTreeMap;

use influx_fake::{Fake, Options};
use influx_flight::{Client, ParquetFile};

use crate::scripted::target;

/// The files of the table `m` from these sequences on, each as its node and sequence.
async fn files(client: &Client, since: &[(&str, u64)]) -> Vec<(String, u64)> {
    let since: BTreeMap<_, _> =
        since.iter().map(|(node, sequence)| ((*node).to_owned(), *sequence)).collect();
    let listed = client.files("m", &since).await.unwrap();
    let mut found: Vec<_> =
        listed.into_iter().map(|ParquetFile { node, sequence, .. }| (node, sequence)).collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_list_begins_at_a_sequence_of_each_node() {
    const NODES: [&str; 3] = ["eu/o'hara", "n1", "n10"];
    let fake = Fake::new(Options::default());
    for (node, snapshots) in NODES.into_iter().zip([3, 12, 2]) {
        fake.set_node(node);
        for snapshot in 1..=snapshots {
            // Another table has as many.
            fake.write("home", &format!("m v={snapshot}i 0\nother v=1i 0")).unwrap();
            assert_eq!(fake.snapshot("home"), Some(snapshot));
        }
    }
    let running = fake.spawn().await.unwrap();
    let client = Client::connect(target(running.url().parse().unwrap())).await.unwrap();

    let listed = |first: [u64; 3]| {
        let nodes = NODES.into_iter().zip(first).zip([3, 12, 2]);
        let files = nodes.flat_map(|((node, first), last)| {
            (first..=last).map(move |sequence| (node.to_owned(), sequence))
        });
        files.collect::<Vec<_>>()
    };
    let [hara, n1, n10] = NODES;
    let all = listed([1, 1, 1]);
    assert_eq!(files(&client, &[]).await, all);
    // Of a node that is not named, all are there, also where its name begins like that of another.
    assert_eq!(files(&client, &[(n1, 11)]).await, listed([1, 11, 1]));
    assert_eq!(files(&client, &[(hara, 3), (n10, 2)]).await, listed([3, 1, 2]));
    assert_eq!(files(&client, &[(hara, 1), (n1, 12), (n10, 9)]).await, listed([1, 12, 9]));
    assert_eq!(files(&client, &[(n1, 0), ("nosuch", 7)]).await, all);
    // The server is not asked to compare a sequence with more digits than its paths have.
    for long in [10_000_000_000, u64::MAX] {
        assert_eq!(files(&client, &[(n1, long), (n10, 2)]).await, listed([1, long, 2]));
    }
}

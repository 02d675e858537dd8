#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
#[path = "../tests/it/scripted.rs"]
mod scripted;
#[path = "../tests/it/wire.rs"]
mod wire;
use fivetran_wire::{DataType, value_type::Inner};
use wire::*;
#[tokio::main]
async fn main() {
    let rows: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let keyed = std::env::args().nth(2).is_none();
    let k = |n: &str, t| if keyed { key(n, t) } else { column(n, t) };
    let t = table(
        "cpu",
        [
            k("_series_id", DataType::String),
            k("_time_ns", DataType::Long),
            column("time", DataType::UtcDatetime),
            column("host", DataType::String),
            column("usage", DataType::Double),
            column("idle", DataType::Double),
        ],
    );
    let mut messages = Vec::new();
    let series: Vec<String> = (0..100)
        .map(|s| format!("{:032x}", (s as u128).wrapping_mul(0x9e3779b97f4a7c15f39cc0605cedc835)))
        .collect();
    for b in 0..rows / 100 {
        let recs: Vec<_> = (0..100)
            .map(|i| {
                let ns = b as i64 * 1_000_000_000;
                upsert(
                    "cpu",
                    [
                        ("_series_id", text(&series[i])),
                        ("_time_ns", Inner::Long(ns)),
                        ("time", Inner::UtcDatetime(at(b as i64, 0))),
                        ("host", text("server-01")),
                        ("usage", Inner::Double(i as f64)),
                        ("idle", Inner::Double(b as f64)),
                    ],
                )
            })
            .collect();
        messages.push(batch(recs));
        if b % 1000 == 999 {
            messages.push(checkpoint("{}"));
        }
    }
    messages.push(checkpoint("{}"));
    let mut stage = scripted::Stage::syncs(
        schema([t]),
        [scripted::Sync::of(messages.clone()), scripted::Sync::of(messages)],
    )
    .await;
    for _ in 0..2 {
        let start = std::time::Instant::now();
        let report = stage.sync().await;
        let s = start.elapsed().as_secs_f64();
        println!("{report}\n{:.0} rows/s", rows as f64 / s);
    }
    println!("{} bytes", std::fs::metadata(stage.project.warehouse_path()).unwrap().len());
}

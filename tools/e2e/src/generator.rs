//! Generates points: several measurements, equal times, null tags, names that need quotes, late
//! points, and points that are written again with other values.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use crate::clock::{SETTLE, nanoseconds, now};

/// The age of most points: a sync that begins now reads them, so that the end need not wait.
const AGE: Duration = Duration::from_millis(SETTLE.as_millis() as u64 + 500);
/// How many points are remembered to be written again.
const REMEMBERED: usize = 400;
const POINTS_IN_A_BODY: usize = 2_000;

/// One writer's points.
pub(crate) struct Generator {
    rng: Rng,
    /// How late a point may come, or come again.
    late: i64,
    /// Measurement and tags, and a time of which there is a point.
    written: VecDeque<(String, i64)>,
    batches: u64,
}

impl Generator {
    pub(crate) fn new(seed: u64, late: Duration) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            late: nanoseconds(late),
            written: VecDeque::new(),
            batches: 0,
        }
    }

    /// What was written before there was a connector, in bodies of a write.
    pub(crate) fn history(&mut self, points: usize, span: Duration) -> Vec<String> {
        let (now, span) = (now() - nanoseconds(AGE), nanoseconds(span));
        let mut lines = Vec::with_capacity(points);
        while lines.len() < points {
            let time = now - self.rng.i64(0..span);
            self.tick(time, &mut lines);
        }
        lines.chunks(POINTS_IN_A_BODY).map(|lines| lines.join("\n")).collect()
    }

    /// What a writer writes at once.
    pub(crate) fn batch(&mut self) -> String {
        let now = now();
        self.batches += 1;
        let mut lines = Vec::new();
        for _ in 0..self.rng.usize(1..4) {
            let age = nanoseconds(AGE) + self.rng.i64(0..1_000_000_000);
            self.tick(now - age, &mut lines);
        }
        if self.rng.u8(0..10) == 0 {
            // Dated now: a sync that runs must leave it to the next.
            self.tick(now, &mut lines);
        }
        if self.rng.u8(0..3) == 0 {
            let age = self.rng.i64(nanoseconds(AGE)..self.late);
            self.tick(now - age, &mut lines);
        }
        if self.rng.bool() {
            self.again(now, &mut lines);
        }
        lines.join("\n")
    }

    /// The points of one moment.
    fn tick(&mut self, time: i64, lines: &mut Vec<String>) {
        match self.rng.u8(0..10) {
            // Many series, all at the very same time.
            0 => {
                for valve in 0..self.rng.u8(2..8) {
                    self.point(format!("valves,valve=v{valve}"), time, lines);
                }
            }
            // No tags at all.
            1 => self.point("bare".to_owned(), time, lines),
            2 => {
                let room = ["Küche", "living\\ room", "a\\,b\\=c"][self.rng.usize(0..3)];
                self.point(format!("odd\\ names\\,\\ too,where\\ is\\ it={room}"), time, lines);
            }
            _ => {
                let site = ["north", "south", "east"][self.rng.usize(0..3)];
                let mut series = format!("machines,site={site},unit={}", self.rng.u8(1..6));
                // A tag that most points do not have.
                if self.rng.u8(0..4) == 0 {
                    series.push_str(",line=l1");
                }
                self.point(series, time, lines);
                // The same series a nanosecond later: another point.
                if self.rng.u8(0..20) == 0 {
                    let (series, _) = self.written.back().cloned().unwrap_or_default();
                    self.point(series, time + 1, lines);
                }
            }
        }
    }

    /// A point that is there already gets other values, some fields of it.
    fn again(&mut self, now: i64, lines: &mut Vec<String>) {
        if self.written.is_empty() {
            return;
        }
        let (series, time) = self.written[self.rng.usize(0..self.written.len())].clone();
        if now - time < self.late {
            let fields = self.fields();
            lines.push(format!("{series} {fields} {time}"));
        }
    }

    fn point(&mut self, series: String, time: i64, lines: &mut Vec<String>) {
        let fields = self.fields();
        lines.push(format!("{series} {fields} {time}"));
        self.written.push_back((series, time));
        if self.written.len() > REMEMBERED {
            self.written.pop_front();
        }
    }

    /// At least one field; a column that is new comes once the writer has been at work for a while.
    fn fields(&mut self) -> String {
        let rng = &mut self.rng;
        let mut fields = vec![format!("temperature={:.3}", rng.f64() * 90.0 - 20.0)];
        if rng.bool() {
            fields.push(format!("count={}i", rng.i64(..)));
        }
        if rng.bool() {
            fields.push(format!("total={}u", rng.u64(..)));
        }
        if rng.bool() {
            fields.push(format!("ok={}", rng.bool()));
        }
        if rng.u8(0..4) == 0 {
            fields.push(format!("note=\"n\u{f6}te, \\\"{}\\\"\"", rng.u16(..)));
        }
        if self.batches > 40 && rng.bool() {
            fields.push(format!("added_later={}i", rng.i32(..)));
        }
        fields.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_points() {
        let series = |seed| {
            let bodies = Generator::new(seed, Duration::from_secs(60))
                .history(3_000, Duration::from_secs(3_600));
            assert_eq!(bodies.len(), 2);
            let lines: Vec<String> =
                bodies.iter().flat_map(|body| body.lines()).map(str::to_owned).collect();
            // The times are the present's.
            lines.iter().map(|line| line[..line.len() - 19].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(series(1), series(1));
        assert_ne!(series(1), series(2));
    }

    #[test]
    fn no_point_is_later_than_the_present() {
        let mut generator = Generator::new(7, Duration::from_secs(60));
        for _ in 0..200 {
            for line in generator.batch().lines() {
                let time: i64 = line[line.len() - 19..].parse().unwrap();
                assert!(time <= now() + 1, "{line}");
            }
        }
    }
}

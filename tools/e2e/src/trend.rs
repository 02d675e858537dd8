//! Whether something stays what it was.

/// A line through some points, and their means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Trend {
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Means. The first quarter is left out, in which caches and the allocator warm up.
    pub(crate) second_quarter: f64,
    pub(crate) last_quarter: f64,
    /// By least squares, over all but the first quarter.
    pub(crate) slope: f64,
}

impl Trend {
    /// Of points in the order of their times.
    pub(crate) fn of(points: &[(f64, f64)]) -> Self {
        let warm = &points[points.len() / 4..];
        let values = || points.iter().map(|point| point.1);
        let mean = |points: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
            points.iter().map(part).sum::<f64>() / points.len().max(1) as f64
        };
        let (mean_time, mean_value) = (mean(warm, |point| point.0), mean(warm, |point| point.1));
        let (mut rise, mut run) = (0.0, 0.0);
        for (time, value) in warm {
            rise += (time - mean_time) * (value - mean_value);
            run += (time - mean_time).powi(2);
        }
        let quarter = warm.len() / 3;
        Self {
            least: values().reduce(f64::min).unwrap_or_default(),
            most: values().reduce(f64::max).unwrap_or_default(),
            second_quarter: mean(&warm[..quarter], |point| point.1),
            last_quarter: mean(&warm[warm.len() - quarter..], |point| point.1),
            slope: if run == 0.0 { 0.0 } else { rise / run },
        }
    }

    /// How much more there is at the end than once it had warmed up.
    pub(crate) fn growth(&self) -> f64 {
        self.last_quarter - self.second_quarter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_in_its_points() {
        let points: Vec<_> = (0..100).map(|n| (f64::from(n), 5.0 + 2.0 * f64::from(n))).collect();
        let trend = Trend::of(&points);
        assert!((trend.slope - 2.0).abs() < 1e-9);
        assert_eq!((trend.least, trend.most), (5.0, 203.0));
        assert!((trend.growth() - 100.0).abs() < 1e-9, "{trend:?}");
    }

    #[test]
    fn what_is_flat_has_no_slope_whatever_was_at_the_beginning() {
        let points: Vec<_> =
            (0..100).map(|n| (f64::from(n), if n < 20 { f64::from(n) } else { 20.0 })).collect();
        let trend = Trend::of(&points);
        assert_eq!((trend.slope, trend.growth()), (0.0, 0.0));
        assert_eq!(Trend::of(&[]), Trend::default());
    }
}

//! The range of time that a query's filters leave, so that a scan can skip the rest.

use std::ops::Range;

use arrow::datatypes::TimeUnit;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;

/// Half-open, in nanoseconds since 1970. An `i128` holds the nanosecond after the last timestamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TimeRange {
    start: Option<i128>,
    end: Option<i128>,
}

impl TimeRange {
    /// The range that a conjunction of filters leaves. Other filters are ignored: the engine
    /// applies all of them again.
    pub(super) fn of(filters: &[Expr]) -> Self {
        let mut range = Self::default();
        filters.iter().for_each(|filter| range.narrow(filter));
        range
    }

    /// True of a filter that can narrow a range.
    pub(super) fn concerns(filter: &Expr) -> bool {
        Self::of(std::slice::from_ref(filter)) != Self::default()
    }

    /// True of `time >= X AND time < X`, which the real server cannot plan.
    pub(super) fn is_empty_window(&self) -> bool {
        self.start.is_some() && self.start == self.end
    }

    pub(super) fn bounds(&self) -> Range<i128> {
        self.start.unwrap_or(i128::MIN)..self.end.unwrap_or(i128::MAX)
    }

    /// Cuts off what is older.
    pub(super) fn start_at(&mut self, oldest: i64) {
        self.compare(Operator::GtEq, i128::from(oldest));
    }

    fn narrow(&mut self, filter: &Expr) {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.narrow(left);
                self.narrow(right);
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                match (nanoseconds(left), nanoseconds(right)) {
                    (None, Some(value)) if is_time(left) => self.compare(*op, value),
                    (Some(value), None) if is_time(right) => {
                        if let Some(op) = op.swap() {
                            self.compare(op, value);
                        }
                    }
                    _ => {}
                }
            }
            Expr::Between(Between { expr, negated: false, low, high }) if is_time(expr) => {
                if let (Some(low), Some(high)) = (nanoseconds(low), nanoseconds(high)) {
                    self.compare(Operator::GtEq, low);
                    self.compare(Operator::LtEq, high);
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, op: Operator, value: i128) {
        let (start, end) = match op {
            Operator::Eq => (Some(value), Some(value + 1)),
            Operator::Gt => (Some(value + 1), None),
            Operator::GtEq => (Some(value), None),
            Operator::Lt => (None, Some(value)),
            Operator::LtEq => (None, Some(value + 1)),
            _ => (None, None),
        };
        self.start = self.start.max(start);
        self.end = [self.end, end].into_iter().flatten().min();
    }
}

fn is_time(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == "time")
}

fn nanoseconds(expr: &Expr) -> Option<i128> {
    let Expr::Literal(value, _) = expr else { return None };
    let (value, unit) = match value {
        ScalarValue::TimestampSecond(value, _) => ((*value)?, TimeUnit::Second),
        ScalarValue::TimestampMillisecond(value, _) => ((*value)?, TimeUnit::Millisecond),
        ScalarValue::TimestampMicrosecond(value, _) => ((*value)?, TimeUnit::Microsecond),
        ScalarValue::TimestampNanosecond(value, _) => ((*value)?, TimeUnit::Nanosecond),
        _ => return None,
    };
    let factor = match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    Some(i128::from(value) * factor)
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    fn at(nanoseconds: i64) -> Expr {
        lit(ScalarValue::TimestampNanosecond(Some(nanoseconds), None))
    }

    #[track_caller]
    fn check(filter: Expr, start: Option<i128>, end: Option<i128>) {
        assert_eq!(TimeRange::of(&[filter]), TimeRange { start, end });
    }

    #[test]
    fn bounds_are_half_open() {
        check(col("time").gt_eq(at(5)).and(col("time").lt(at(9))), Some(5), Some(9));
        check(col("time").gt(at(5)).and(col("time").lt_eq(at(9))), Some(6), Some(10));
        check(at(5).lt_eq(col("time")), Some(5), None);
        check(col("time").eq(at(5)), Some(5), Some(6));
        check(col("time").between(at(5), at(9)), Some(5), Some(10));
        check(col("time").lt_eq(at(i64::MAX)), None, Some(i128::from(i64::MAX) + 1));
        check(
            col("time").gt_eq(at(i64::MIN)).and(col("time").lt(at(-5))),
            Some(i128::from(i64::MIN)),
            Some(-5),
        );
    }

    #[test]
    fn the_narrowest_bound_counts() {
        check(
            col("time").gt(at(1)).and(col("time").gt(at(7))).and(col("time").gt(at(3))),
            Some(8),
            None,
        );
        check(col("time").lt(at(9)).and(col("time").lt(at(4))), None, Some(4));
    }

    #[test]
    fn other_filters_narrow_nothing() {
        check(col("host").eq(lit("a")), None, None);
        check(col("time").gt(at(1)).or(col("time").lt(at(0))), None, None);
        check(col("time").not_between(at(5), at(9)), None, None);
        assert!(!TimeRange::concerns(&col("time").not_eq(at(5))));
    }
}

//! Refuses the earliest times that are written as text, as InfluxDB 3.10 does.
//!
//! Its Arrow converts whole seconds to nanoseconds first, which overflows for the second of the
//! earliest timestamps. A newer Arrow does not.

use arrow::array::temporal_conversions::as_datetime;
use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use arrow::datatypes::{DataType, TimeUnit, TimestampNanosecondType};
use arrow::error::ArrowError;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Cast, Expr, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// 1677-09-21T00:12:44Z, in nanoseconds.
const EARLIEST: i64 = -9_223_372_036_000_000_000;

/// Refuses texts that are too early for a timestamp of the server.
#[derive(Debug)]
pub(super) struct TextBounds;

impl OptimizerRule for TextBounds {
    /// The name of the server's own rule that fails, which the error names.
    fn name(&self) -> &str {
        "simplify_expressions"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        plan.apply_expressions(|expression| {
            expression.apply(|expression| match too_early(expression) {
                Some(time) => Err(refusal(time)),
                None => Ok(TreeNodeRecursion::Continue),
            })
        })?;
        Ok(Transformed::no(plan))
    }
}

/// The time of a text that becomes a timestamp and is before the earliest text.
fn too_early(expression: &Expr) -> Option<i64> {
    let Expr::Cast(Cast { expr, field }) = expression else { return None };
    let (DataType::Timestamp(TimeUnit::Nanosecond, _), Expr::Literal(text, _)) =
        (field.data_type(), expr.as_ref())
    else {
        return None;
    };
    let time = string_to_timestamp_nanos(text.try_as_str()??).ok()?;
    (time < EARLIEST).then_some(time)
}

fn refusal(time: i64) -> DataFusionError {
    let time = as_datetime::<TimestampNanosecondType>(time).unwrap_or_default();
    let message = format!(
        "Overflow converting {time} to Nanosecond. The dates that can be represented as \
         nanoseconds have to be between 1677-09-21T00:12:44.0 and 2262-04-11T23:47:16.854775804"
    );
    ArrowError::CastError(message).into()
}

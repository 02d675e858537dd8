//! Functions that differ between InfluxDB 3 and plain DataFusion.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::functions::datetime::to_timestamp_nanos;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// Replaces the functions that differ.
pub(super) fn register(state: &mut SessionState) {
    let nanoseconds = to_timestamp_nanos(state.config().options());
    // Returns the replaced function. A session state always allows that.
    drop(state.register_udf(Arc::new(ScalarUDF::new_from_impl(ToTimestamp { nanoseconds }))));
}

/// `to_timestamp`: a number is nanoseconds here, where plain DataFusion takes it for seconds.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ToTimestamp {
    nanoseconds: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for ToTimestamp {
    fn name(&self) -> &str {
        "to_timestamp"
    }

    fn signature(&self) -> &Signature {
        self.nanoseconds.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.nanoseconds.return_type(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.nanoseconds.invoke_with_args(arguments)
    }
}

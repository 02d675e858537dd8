//! Tests naming, and the field numbers of messages.

mod naming;
mod numbers;

//! What both sides of the wire agree on: names, and the numbers of messages.

mod naming;
mod numbers;

//! What both sides of the wire agree on beside messages.

mod naming;

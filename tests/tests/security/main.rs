//! Who may do what, and what becomes of those who try to do more, or to wear the agent down.

#![expect(clippy::expect_used, reason = "a scenario that cannot go on has failed")]

mod codes;
mod confined;
mod curl;
mod hostile;
mod random;
mod random_requests;
mod secrets;
mod strangers;
mod worn_down;

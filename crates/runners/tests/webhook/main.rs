//! Webhooks, also to receivers that misbehave.

mod answering;
mod hostile;
mod request;
mod stage;

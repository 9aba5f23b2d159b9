//! Webhooks, also to receivers that misbehave.

mod answering;
mod hostile;
mod receiver;
mod request;
mod signing;

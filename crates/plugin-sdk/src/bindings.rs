//! Generated from the WIT package.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated code, on the boundary of the component"
)]

wit_bindgen::generate!({
    path: "../../wit/hook-0.1.0",
    world: "plugin-with-secrets",
    pub_export_macro: true,
});

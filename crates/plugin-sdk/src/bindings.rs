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
    path: "wit",
    world: "plugin-with-secrets",
    pub_export_macro: true,
    additional_derives: [PartialEq],
});

//! A component of another world: it exports `wasi:cli/run`, not the plugin
//! contract.

fn main() {
    std::process::exit(i32::from(std::env::args().count() > 100));
}

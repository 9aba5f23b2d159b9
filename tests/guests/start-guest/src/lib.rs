//! A plugin whose instances never finish starting: it computes for ever before
//! its first function can be called.

use stagehook_plugin_sdk::{Failure, Input, Manifest, NoSettings, Outcome, Plugin, export};

/// The plugin itself.
#[derive(Debug)]
pub struct StartGuest;

impl Plugin for StartGuest {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    }

    fn run(_input: Input<NoSettings>) -> Result<Outcome, Failure> {
        Ok(Outcome::pass())
    }
}

export!(StartGuest);

#[cfg(target_family = "wasm")]
#[allow(
    unsafe_code,
    reason = "the linker takes functions that run at the start from this section alone"
)]
mod start {
    extern "C" fn forever() {
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
        }
    }

    #[used]
    #[unsafe(link_section = ".init_array")]
    static AT_START: extern "C" fn() = forever;
}

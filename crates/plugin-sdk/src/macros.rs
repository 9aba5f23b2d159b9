//! What is written once in a plugin, and in every line of its log.

/// Exports a [`Plugin`](crate::Plugin) from the component. Once per crate.
///
/// Does nothing when the crate is built for anything but WebAssembly.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        #[allow(
            unsafe_code,
            reason = "generated: the exported functions of the component"
        )]
        const _: () = {
            type Exported = $crate::__private::Adapter<$plugin>;
            $crate::bindings::export!(
                Exported with_types_in $crate::bindings
            );
        };
    };
}

/// A [`Manifest`](crate::Manifest) with the name, the version and the
/// description that stand in the plugin's own `Cargo.toml`.
#[macro_export]
macro_rules! manifest {
    () => {
        $crate::Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .description(env!("CARGO_PKG_DESCRIPTION"))
    };
}

/// Logs at the level `debug`, with the arguments of `format!`.
#[macro_export]
macro_rules! debug {
    ($($message:tt)+) => { $crate::log($crate::Level::Debug, &format!($($message)+)) };
}

/// Logs at the level `info`, with the arguments of `format!`.
#[macro_export]
macro_rules! info {
    ($($message:tt)+) => { $crate::log($crate::Level::Info, &format!($($message)+)) };
}

/// Logs at the level `warn`, with the arguments of `format!`.
#[macro_export]
macro_rules! warn {
    ($($message:tt)+) => { $crate::log($crate::Level::Warn, &format!($($message)+)) };
}

/// Logs at the level `error`, with the arguments of `format!`.
#[macro_export]
macro_rules! error {
    ($($message:tt)+) => { $crate::log($crate::Level::Error, &format!($($message)+)) };
}

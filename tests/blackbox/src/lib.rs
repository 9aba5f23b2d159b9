//! The harness of the black-box tests. They start the built binary and speak to
//! it as its users do: over HTTP, and through its command line.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`server`] | the binary as a process: started, killed, stopped, started again |
//! | [`browser`] | what a browser does that is signed in |
//! | [`client`] | HTTP with a token; answers and problems |
//! | [`studio`] | a server with a database of its own, and what a studio has: projects, jobs, hooks |
//! | [`draft`] | a hook about to be created |
//! | [`gate`] | a script that a test can meet halfway |
//! | [`receiver`] | the other end of a webhook |
//! | [`clients`] | public clients and libraries of other languages |
//! | [`plugins`] | the components that `make plugins` builds |
//! | [`dice`] | randomness that can be had again |
//! | [`table`] | a look into the database, for what no route shows |
//! | [`patience`] | waiting until something is so |
//!
//! A story is an `async fn(Database)`; [`on_both_databases`] makes two tests of
//! it, whose names end in `sqlite` and `postgres`. Every test has a server, a
//! directory and a database of its own, so that none needs another one's order
//! or leftovers.

#![allow(
    clippy::missing_panics_doc,
    reason = "a harness panics where a test has to fail"
)]

pub mod browser;
pub mod client;
pub mod clients;
pub mod dice;
pub mod draft;
pub mod gate;
pub mod patience;
pub mod plugins;
pub mod receiver;
pub mod server;
pub mod studio;
pub mod table;

pub use browser::Browser;
pub use client::{Answer, Client};
pub use dice::Dice;
pub use draft::HookDraft;
pub use gate::Gate;
pub use patience::{eventually, until};
pub use server::{Server, Setup};
pub use studio::{Database, Hook, Studio, World};

/// Makes a test on SQLite and a test on PostgreSQL of each story.
#[macro_export]
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                Box::pin(super::$story($crate::Database::Sqlite)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                Box::pin(super::$story($crate::Database::Postgres)).await;
            }
        }
    )+};
}

//! The contract of the store: every method, on both databases.
//!
//! A test is one function that takes a [`Fixture`]; `contract!` runs it on
//! SQLite and on PostgreSQL.

mod audit;
mod constraints;
mod deliveries;
mod deliveries_in_order;
mod events;
mod failing_hooks;
mod finding_hooks;
mod fixture;
mod hooks;
mod jobs;
mod leases;
mod logs;
mod neighbours;
mod opening;
mod order;
mod overview;
mod paging;
mod plugin_versions;
mod plugins;
mod projects;
mod publications;
mod python_environments;
mod retention;
mod revisions;
mod samples;
mod scripts;
mod searching_logs;
mod secrets;
mod sessions;
mod stage_runs;
mod test_cases;
mod tokens;
mod writing;

/// Makes a test for each database out of each function.
macro_rules! contract {
    ($($test:ident),* $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let fixture = crate::fixture::Fixture::sqlite().await;
                super::$test(&fixture).await;
                fixture.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let fixture = crate::fixture::Fixture::postgres().await;
                super::$test(&fixture).await;
                fixture.end().await;
            }
        }
    )*};
}
pub(crate) use contract;

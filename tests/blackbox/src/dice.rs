//! Randomness that can be had again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The variable that holds the seed of an earlier run.
pub const SEED: &str = "STAGEHOOK_SEED";

/// Dice that fall alike for the same seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed in [`SEED`], or one that nobody knows before.
    pub fn seed() -> u64 {
        std::env::var(SEED).map_or_else(
            |_| {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                u64::from(since.subsec_nanos()) ^ u64::from(std::process::id()) << 32
            },
            |seed| seed.parse().unwrap(),
        )
    }

    /// Other dice, which fall independently of these.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.throw())
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    /// A time up to this one, in whole microseconds.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap();
        Duration::from_micros(self.below(most + 1))
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

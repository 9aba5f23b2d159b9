//! Percentiles of a few numbers.

/// The smallest of the numbers that at least so many percent of them do not
/// exceed (the nearest-rank method); none of no numbers.
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent.min(100)).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_few_numbers() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 50), Some(7));
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2));
        assert_eq!(percentile(&[1, 2, 3, 4], 95), Some(4));
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 95), Some(95));
        assert_eq!(percentile(&hundred, 100), Some(100));
        assert_eq!(percentile(&hundred, 0), Some(1));
    }

    proptest! {
        #[test]
        fn so_many_percent_do_not_exceed_it(
            mut numbers in prop::collection::vec(0_i64..50, 1..200), percent in 0_usize..=100
        ) {
            numbers.sort_unstable();
            let found = percentile(&numbers, percent).unwrap();
            let within = |limit| numbers.iter().filter(|number| **number <= limit).count();
            prop_assert!(within(found) * 100 >= numbers.len() * percent);
            // Any smaller one would not do, unless none has to be within.
            prop_assert!(percent == 0 || within(found - 1) * 100 < numbers.len() * percent);
        }
    }
}

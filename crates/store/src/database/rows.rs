//! Statements that insert many rows.

use std::fmt::Write as _;

/// Rows of one statement at most; both databases take many more arguments than
/// that needs.
const ROWS_MAX: usize = 64;

/// Splits rows into as many as one statement inserts. Their numbers are powers
/// of two, so that there are few statements for the database to know.
pub(crate) fn batches<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let most = rows.len().min(ROWS_MAX);
        let (batch, rest) = rows.split_at(1_usize.checked_shl(most.checked_ilog2()?)?);
        rows = rest;
        Some(batch)
    })
}

/// `($1, $2), ($3, $4)`: parameters of so many rows of so many columns.
pub(crate) fn parameters(rows: usize, columns: usize) -> String {
    let mut sql = String::new();
    for parameter in 0..rows * columns {
        let before = match (parameter, parameter % columns) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        };
        // Writing to a String cannot fail.
        let _ = write!(sql, "{before}${}", parameter + 1);
    }
    sql.push(')');
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_batch_in_order() {
        for length in 0..300 {
            let rows: Vec<usize> = (0..length).collect();
            let batches: Vec<&[usize]> = batches(&rows).collect();
            assert_eq!(batches.concat(), rows);
            for batch in batches {
                assert!(batch.len().is_power_of_two() && batch.len() <= ROWS_MAX);
            }
        }
    }

    #[test]
    fn parameters_are_counted_through() {
        assert_eq!(parameters(1, 1), "($1)");
        assert_eq!(parameters(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}

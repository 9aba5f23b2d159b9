//! Pages and their cursors.

use proptest::prelude::*;
use rstest::rstest;
use stagehook_core::page::{Cursor, Page};

#[rstest]
#[case("")]
#[case("c1-")]
#[case("c1-+1")]
#[case("c1--1")]
#[case("c1-8000000000000000")]
#[case("c1-ffffffffffffffffffffffff")]
#[case("c1-1 ")]
#[case("c1-ü")]
#[case("c2-1")]
#[case("1")]
fn refuses(#[case] text: &str) {
    let error = text.parse::<Cursor>().unwrap_err();
    assert!(
        error.to_string().contains("next_cursor"),
        "says where to get one"
    );
}

/// Reads a listing page by page and gives back all that was seen.
fn walk(rows: &[i64], limit: u32) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let most = limit as usize + 1;
        let read = rows
            .iter()
            .copied()
            .filter(|row| after.is_none_or(|key| *row > key));
        let page = Page::cut(read.take(most).collect(), limit, |row| *row);
        assert!(page.items.len() <= limit as usize);
        seen.extend(page.items);
        match page.next_cursor {
            Some(cursor) => after = Some(cursor.to_string().parse::<Cursor>().unwrap().key()),
            None => return seen,
        }
    }
}

proptest! {
    #[test]
    fn a_cursor_written_is_read_back(key in 0..=i64::MAX) {
        let cursor = Cursor::after(key);
        prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = text.parse::<Cursor>();
        let _ = format!("c1-{text}").parse::<Cursor>();
    }

    #[test]
    fn pages_show_every_row_once(rows in prop::collection::btree_set(1_i64..1000, 0..40), limit in 1_u32..10) {
        let rows: Vec<i64> = rows.into_iter().collect();
        prop_assert_eq!(walk(&rows, limit), rows);
    }
}

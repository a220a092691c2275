//! Text for a terminal: what strangers wrote made harmless, figures in few characters, plain tables.

mod figures;

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

pub use figures::{NOT_MEASURED, bytes, duration, percent, rate};

/// One line that a terminal shows as it is: characters that would move the cursor, turn the direction of reading or
/// show as nothing are written as escapes.
pub fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmless(character) {
            line.push(character);
        } else {
            line.extend(character.escape_default());
        }
    }
    line
}

fn is_harmless(character: char) -> bool {
    // Beside controls: zero width, direction and separators of Unicode's general punctuation; the byte order mark;
    // tags, in which text can be hidden.
    let is_hidden = matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    !character.is_control() && !is_hidden
}

/// A JSON document with the same meaning that a terminal shows as it is; `None` if it is none.
pub fn clean_json(document: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(document).ok()?.trim_end();
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_whitespace() || is_harmless(character) {
            line.push(character);
            continue;
        }
        // JSON has such characters only in strings, where escapes mean the same.
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{unit:04x}");
        }
    }
    Some(line)
}

/// Columns that the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` of a text, with a mark where something is missing.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        // one column is the mark's; a character may change what those before it take
        if kept.width() >= columns {
            kept.pop();
            break;
        }
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// Rows with as many cells as there are headings, each column as wide as it must be.
pub fn table(headings: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = headings.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let all = || std::iter::once(&head).chain(rows);
    let widest = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| widest(column).unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for ((cell, columns), (_, align)) in row.iter().zip(&widths).zip(headings) {
            let space = " ".repeat(columns.saturating_sub(cell.width()));
            let (before, after) = match align {
                Align::Left => ("", space.as_str()),
                Align::Right => (space.as_str(), ""),
            };
            let _ = write!(line, "{before}{cell}{after}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_stranger_wrote_cannot_steer_the_terminal() {
        for (written, shown) in [
            ("web-1-320", "web-1-320"),
            ("\u{1b}[2J\u{1b}]0;x\u{7}", "\\u{1b}[2J\\u{1b}]0;x\\u{7}"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("\u{fc}ber \u{65e5}\u{672c}", "\u{fc}ber \u{65e5}\u{672c}"),
        ] {
            assert_eq!(clean(written), shown);
        }
    }

    #[test]
    fn a_document_keeps_its_meaning_and_loses_its_controls() {
        let document = "{\"a\":\"\u{9b}x\u{7f}\u{202e}\u{e0001}\u{fc}\",\n \"b\":1.50}\n";
        let shown = clean_json(document.as_bytes()).unwrap();
        assert_eq!(
            shown,
            "{\"a\":\"\\u009bx\\u007f\\u202e\\udb40\\udc01\u{fc}\",\n \"b\":1.50}"
        );
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(document));
        assert_eq!(clean_json(b"\x1b[2J"), None);
        assert_eq!(clean_json(b"\"\xff\""), None);
    }

    #[test]
    fn a_long_text_is_cut_with_a_mark_at_a_whole_character() {
        for (text, columns, shown) in [
            ("web", 3, "web"),
            ("webs", 3, "we…"),
            ("\u{65e5}\u{672c}\u{8a9e}", 4, "\u{65e5}…"),
            ("\u{65e5}\u{672c}\u{8a9e}", 5, "\u{65e5}\u{672c}…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, columns), shown);
        }
    }

    #[test]
    fn a_table_has_columns_as_wide_as_they_must_be() {
        let rows = [
            vec!["a".to_owned(), "10".to_owned()],
            vec!["\u{65e5}\u{672c}".to_owned(), "9".to_owned()],
        ];
        let headings = [("NAME", Align::Left), ("CPU %", Align::Right)];
        assert_eq!(
            table(&headings, &rows),
            "NAME  CPU %\na        10\n\u{65e5}\u{672c}      9\n"
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_cleaned_and_cut_is_wider_than_its_place_or_has_a_control(text in any::<String>(), columns in 0_usize..40) {
            let shown = cut(&clean(&text), columns);
            prop_assert!(width(&shown) <= columns, "{shown:?}");
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}

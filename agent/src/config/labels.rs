//! Labels of containers that metrics carry.

use super::{ConfigError, printable};

/// Each is a label of every series of every container.
const MOST: usize = 16;
/// Longer names are a mistake, in bytes.
const LONGEST: usize = 128;

/// The names without doubles; a lone empty one is none at all.
pub(super) fn checked(given: &[String]) -> Result<Box<[String]>, ConfigError> {
    let mut names: Vec<String> = Vec::new();
    for name in given.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if name.len() > LONGEST || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ConfigError::MetricsLabel {
                problem: format!(
                    "`{}` is no name of a label; write it like com.example.team, without spaces",
                    printable(name)
                ),
            });
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > MOST {
        return Err(ConfigError::MetricsLabel {
            problem: format!(
                "{} labels are given, and each is one of every series; name at most {MOST}",
                names.len()
            ),
        });
    }
    Ok(names.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Result<Vec<String>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        checked(&names).map(Vec::from).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_taken_once_and_an_empty_one_is_none() {
        assert_eq!(
            check(&["a.b", " c ", "a.b"]),
            Ok(vec!["a.b".to_owned(), "c".to_owned()])
        );
        assert_eq!(check(&[""]), Ok(vec![]));
    }

    #[test]
    fn what_no_label_can_be_and_too_many_are_refused() {
        for names in [vec!["a b"], vec!["a\u{1}"], vec![&*"x".repeat(200)]] {
            assert!(check(&names).unwrap_err().starts_with("--metrics-label: "), "{names:?}");
        }
        let many: Vec<String> = (0..=MOST).map(|number| format!("l{number}")).collect();
        assert!(
            check(&many.iter().map(String::as_str).collect::<Vec<_>>())
                .unwrap_err()
                .contains("at most 16")
        );
    }
}

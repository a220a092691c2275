//! How long a file may get before it is two.

use super::Breach;
use crate::tree::SourceFile;

/// Past this, look whether there is a second thing in the file.
const LONG: usize = 300;
/// Past this, there is.
const TOO_LONG: usize = 400;
/// `main.rs` only wires: parse, start, serve, drain.
const MAIN: usize = 120;

pub(super) fn files_stay_readable(files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (file, lines) in rust(files) {
        if lines > TOO_LONG {
            breaches.push(Breach::at(
                file,
                0,
                format!("{lines} lines of Rust; a file over {TOO_LONG} is two: split it"),
            ));
        }
        if file.path.ends_with("src/main.rs") && lines >= MAIN {
            breaches.push(Breach::at(
                file,
                0,
                format!("{lines} lines; main.rs stays under {MAIN}: it only wires"),
            ));
        }
    }
    breaches
}

/// Files that are allowed but near the limit, with their lines.
pub(crate) fn long_files(files: &[SourceFile]) -> Vec<(String, usize)> {
    let long = rust(files).filter(|(_, lines)| (LONG + 1..=TOO_LONG).contains(lines));
    long.map(|(file, lines)| (file.path.clone(), lines)).collect()
}

fn rust(files: &[SourceFile]) -> impl Iterator<Item = (&SourceFile, usize)> {
    files
        .iter()
        .filter(|file| file.is_rust())
        .map(|file| (file, file.text.lines().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: usize) -> SourceFile {
        SourceFile::new(path, &"//\n".repeat(lines))
    }

    #[test]
    fn a_file_that_is_two_is_found() {
        assert_eq!(files_stay_readable(&[file("agent/src/node.rs", TOO_LONG)]), []);
        assert_eq!(files_stay_readable(&[file("agent/src/node.rs", TOO_LONG + 1)]).len(), 1);
        assert_eq!(files_stay_readable(&[file("docs/guide.md", TOO_LONG + 1)]), []);
    }

    #[test]
    fn a_main_that_does_more_than_wire_is_found() {
        assert_eq!(files_stay_readable(&[file("agent/src/main.rs", MAIN - 1)]), []);
        assert_eq!(files_stay_readable(&[file("agent/src/main.rs", MAIN)]).len(), 1);
    }

    #[test]
    fn long_files_are_named_before_they_are_too_long() {
        let files = [file("a.rs", LONG), file("b.rs", LONG + 1), file("c.rs", TOO_LONG + 1)];
        assert_eq!(long_files(&files), [("b.rs".to_owned(), LONG + 1)]);
    }
}

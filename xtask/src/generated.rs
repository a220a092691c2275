//! Parts of a page that a program writes, between `<!-- generated: NAME -->` and `<!-- end -->`. All else on the page is
//! written by hand and stays.

use anyhow::{Context as _, Result};

const END: &str = "<!-- end -->";

/// What the page has in this part.
pub(crate) fn find<'p>(page: &'p str, name: &str) -> Result<&'p str> {
    let (from, to) = place(page, name)?;
    Ok(&page[from..to])
}

/// The page with `text` in this part.
pub(crate) fn replace(page: &str, name: &str, text: &str) -> Result<String> {
    let (from, to) = place(page, name)?;
    Ok(format!("{}{text}{}", &page[..from], &page[to..]))
}

fn place(page: &str, name: &str) -> Result<(usize, usize)> {
    let start = format!("<!-- generated: {name} -->\n");
    let from = page
        .find(&start)
        .with_context(|| format!("the page has no line {:?}", start.trim_end()))?
        + start.len();
    let length = page[from..]
        .find(END)
        .with_context(|| format!("the part {name:?} of the page has no line {END:?}"))?;
    Ok((from, from + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_and_replaced() {
        let page = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n";
        assert_eq!(find(page, "x").unwrap(), "old\n");
        assert_eq!(replace(page, "x", "new\n").unwrap(), page.replace("old", "new"));
    }

    #[test]
    fn a_page_without_the_part_is_an_error() {
        for page in ["", "<!-- generated: y -->\n<!-- end -->", "<!-- generated: x -->\n"] {
            assert!(find(page, "x").is_err(), "{page:?}");
        }
    }
}

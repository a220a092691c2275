//! `OpenMetrics` text as Prometheus' text format 0.0.4, which has no end mark, calls a counter by its whole name, and says
//! `untyped` for a kind that is not known. Pure.

/// The same series in the other format.
pub(super) fn classic(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help: Option<&str> = None;
    for line in open.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            // under which name depends on the kind, which comes with the next line
            help = Some(told.split_once(' ').map_or("", |(_, help)| help));
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.rsplit_once(' ').unwrap_or((typed, "unknown"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", kind),
                "unknown" => ("", "untyped"),
                _ => ("", kind),
            };
            if let Some(help) = help.take() {
                text.extend(["# HELP ", name, suffix, " ", help, "\n"]);
            }
            text.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
        } else if !line.starts_with('#') {
            text.extend([line, "\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::classic;

    #[test]
    fn counters_have_their_whole_name_and_the_end_mark_is_gone() {
        let open = "# HELP a What it is.\n# TYPE a counter\na_total{x=\"# EOF\"} 1.0\n# HELP b B\n# TYPE b gauge\nb 2.0\n\
                    # HELP c C\n# TYPE c unknown\nc 3.0\n# EOF\n";
        let expected = "# HELP a_total What it is.\n# TYPE a_total counter\na_total{x=\"# EOF\"} 1.0\n# HELP b B\n# TYPE b gauge\nb 2.0\n\
                        # HELP c C\n# TYPE c untyped\nc 3.0\n";
        assert_eq!(classic(open), expected);
    }
}

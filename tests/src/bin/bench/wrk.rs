//! Load over HTTP, by wrk.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use agent_tests::command;
use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) requests_per_s: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
}

/// The program and its script.
pub(crate) struct Wrk {
    _dir: TempDir,
    script: PathBuf,
}

impl Wrk {
    /// `None` where it is not installed.
    pub(crate) fn find() -> Result<Option<Self>> {
        if command::find_program("wrk").is_none() {
            return Ok(None);
        }
        let dir = tempfile::Builder::new()
            .prefix("balancer-bench-")
            .tempdir()
            .context("making a directory")?;
        let script = dir.path().join("figures.lua");
        fs::write(&script, include_str!("wrk.lua")).context("writing wrk's script")?;
        Ok(Some(Self { _dir: dir, script }))
    }

    /// Keeps `connections` busy from one thread: with two CPUs the other is left to who answers.
    pub(crate) fn run(&self, url: &str, connections: usize, time: Duration) -> Result<Load> {
        let (connections, seconds) = (format!("-c{connections}"), format!("-d{}s", time.as_secs()));
        let script = self.script.display().to_string();
        let done = command::attempt(&[
            "wrk",
            "-t1",
            &connections,
            &seconds,
            "--timeout",
            "10s",
            "-s",
            &script,
            url,
        ]);
        ensure!(done.success, "wrk failed on {url}: {} {}", done.stdout, done.stderr);
        parse(&done.stdout).with_context(|| format!("wrk on {url}"))
    }
}

fn parse(output: &str) -> Result<Load> {
    let line = output.lines().find_map(|line| line.strip_prefix("FIGURES "));
    let line = line.with_context(|| format!("it printed no figures: {output}"))?;
    let numbers: Vec<f64> = line
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context(line.to_owned())?;
    let [requests, duration_us, median_us, p99_us, slowest_us, refused, late, cut] = numbers[..] else {
        anyhow::bail!("eight figures expected: {line}");
    };
    ensure!(
        refused + late + cut == 0.0 && requests > 0.0,
        "of {requests} requests {refused} were refused, {late} not answered in time, {cut} cut off"
    );
    Ok(Load {
        requests_per_s: requests / duration_us * 1e6,
        p50_ms: median_us / 1e3,
        p99_ms: p99_us / 1e3,
        p999_ms: slowest_us / 1e3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        let load = parse("Running 2s test\nFIGURES 2000 2000000 150 900 1500 0 0 0\n").unwrap();
        let expected = Load {
            requests_per_s: 1000.0,
            p50_ms: 0.15,
            p99_ms: 0.9,
            p999_ms: 1.5,
        };
        assert_eq!(load, expected);
    }

    #[test]
    fn a_load_that_failed_has_no_figures() {
        assert!(
            parse("FIGURES 2000 2000000 150 900 1500 3 0 0")
                .unwrap_err()
                .to_string()
                .contains("of 2000 requests 3 were refused")
        );
        assert!(parse("unable to connect").is_err());
    }
}

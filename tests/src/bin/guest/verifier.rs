//! What this kernel's verifier says of the agent's programs.

use std::fs;

use agent_tests::{binaries, programs};

/// What comes before the verifier's output in an error that has it.
const OUTPUT: &str = "Verifier output:";

/// The verifier takes the programs that see packets, out of the agent's executable. Where the agent falls back before
/// it has loaded any, nothing else would show it.
pub(crate) fn takes_what_the_agent_carries() {
    let executable = fs::read(binaries::agent()).expect("the guest has the agent");
    if let Err(error) = programs::load_carried(&executable) {
        let error = error.to_string();
        let (refusal, _) = error.split_once(OUTPUT).unwrap_or((&error, ""));
        panic!("{}{}", refusal.trim(), last_words(&error));
    }
}

/// What the verifier said last of a program that it refused, from a text with its output.
pub(crate) fn last_words(text: &str) -> String {
    let Some((_, output)) = text.split_once(OUTPUT) else {
        return String::new();
    };
    let its_sums = ["processed ", "stack depth ", "verification time "];
    let before_its_sums = output
        .lines()
        .take_while(|line| !its_sums.iter().any(|sum| line.starts_with(sum)));
    let said = before_its_sums.map(str::trim).filter(|line| !line.is_empty()).last();
    format!("; the verifier: {}", said.unwrap_or("nothing"))
}

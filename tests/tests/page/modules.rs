//! The page's modules that know nothing of a document, each for itself.

use agent_tests::browser::Browser;
use agent_tests::crowded_agent::CrowdedAgent;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn modules_of_the_page_do_what_they_say() {
    let agent = CrowdedAgent::start(1);
    let browser = Browser::start(800, 600);
    browser.open(&format!("http://{}/", agent.address));
    let found = browser.run_async(include_str!("modules.js"), &[]);
    println!("{} comparisons", found["compared"]);
    assert!(
        found["compared"].as_u64().is_some_and(|compared| compared > 50),
        "{found}"
    );
    assert_eq!(found["failures"], serde_json::json!([]));
}

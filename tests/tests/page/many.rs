//! Five hundred containers.

use agent_tests::browser::Browser;
use agent_tests::crowded_agent::CrowdedAgent;

use crate::look::{has_no_complaints, value};

const CONTAINERS: u64 = 500;
/// A picture at 60 a second has so much time.
const MOST_MS: f64 = 16.0;
const UPDATES: u64 = 20;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn an_update_of_five_hundred_containers_takes_less_than_a_picture() {
    let agent = CrowdedAgent::start(CONTAINERS);
    let browser = Browser::start(1440, 900);
    browser.open(&format!("http://{}/", agent.address));
    browser.wait_for("the table", "document.querySelectorAll('tr.row').length > 5");
    for (what, scrolled) in [("at the top", 0.0), ("in the middle", 0.5), ("at the end", 1.0)] {
        browser.run(
            "scrollTo(0, arguments[0] * document.documentElement.scrollHeight)",
            &[scrolled.into()],
        );
        let costs = costs_ms(&browser);
        let median = costs[costs.len() / 2];
        println!("table-update {what}: median {median:.1} ms of {costs:.1?}");
        assert!(median < MOST_MS, "{what}: {costs:?}");
    }
    let rows = value(&browser, "document.querySelectorAll('tr.row').length");
    assert!(
        rows.as_u64().is_some_and(|rows| rows < 60),
        "{rows} rows are in the document"
    );
    assert_eq!(
        value(&browser, "document.querySelector('#containers').ariaRowCount"),
        "501"
    );
    assert_eq!(browser.text("#shown"), "500 containers");
    has_no_complaints(&browser);
}

/// What the next updates cost, from the least to the most.
#[track_caller]
fn costs_ms(browser: &Browser) -> Vec<f64> {
    const COLLECT: &str = "
        const [wanted, done] = arguments;
        const costs = [];
        const observer = new PerformanceObserver((list) => {
            costs.push(...list.getEntriesByName('table-update').map((entry) => entry.duration));
            if (costs.length < wanted) return;
            observer.disconnect();
            done(costs);
        });
        observer.observe({ entryTypes: ['measure'] });";
    let costs = browser.run_async(COLLECT, &[UPDATES.into()]);
    let costs = costs.as_array().expect("a list of durations").iter();
    let mut costs: Vec<f64> = costs.filter_map(serde_json::Value::as_f64).collect();
    costs.sort_by(f64::total_cmp);
    costs
}

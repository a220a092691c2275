//! What became of containers between two tables. Pure.

use super::{Event, Subject};
use crate::containers::{Container, ContainerTable, DockerState};

/// The events that lead from one table to a later one, seen at `at_ms` (ms since 1970). Before the first table nothing was
/// known, so that nothing in it is an event.
pub fn changes(before: &ContainerTable, after: &ContainerTable, at_ms: u64) -> Vec<Event> {
    let mut events = Vec::new();
    if before.docker == DockerState::NeverReached {
        return events;
    }
    let subject = |container: &Container| Subject::of(container, at_ms);
    for (id, known) in &before.by_id {
        match after.by_id.get(id) {
            None if known.is_running() => events.push(Event::Died(subject(known))),
            None => {}
            Some(now) => {
                if now.name != known.name {
                    events.push(Event::Renamed {
                        container: subject(now),
                        old_name: known.name.clone(),
                    });
                }
                let is_another_run = known.started_ns.is_some() && now.started_ns != known.started_ns;
                if known.is_running() && (!now.is_running() || is_another_run) {
                    events.push(Event::Died(subject(now)));
                }
                if now.is_running() && (!known.is_running() || is_another_run) {
                    events.push(Event::Started(subject(now)));
                }
            }
        }
    }
    let new = after.by_id.iter().filter(|(id, _)| !before.by_id.contains_key(id));
    let started = new.filter(|(_, container)| container.is_running());
    events.extend(started.map(|(_, container)| Event::Started(subject(container))));
    events
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::containers::RunState;

    fn container(number: u8, name: &str, started_ns: Option<u64>) -> Container {
        Container {
            name: name.into(),
            state: if started_ns.is_some() {
                RunState::Running
            } else {
                RunState::NotRunning
            },
            started_ns,
            ..Container::unknown(format!("{number:064x}").parse().unwrap())
        }
    }

    fn table(containers: &[Container]) -> ContainerTable {
        ContainerTable {
            by_id: containers
                .iter()
                .map(|container| (container.id, Arc::new(container.clone())))
                .collect(),
            docker: DockerState::Connected,
            ..ContainerTable::default()
        }
    }

    fn kinds(before: &[Container], after: &[Container]) -> Vec<&'static str> {
        let events = changes(&table(before), &table(after), 5);
        events.iter().map(Event::kind).collect()
    }

    #[test]
    fn starts_ends_and_names_are_told() {
        let run = |at| container(1, "a", Some(at));
        let rest = container(1, "a", None);
        for (before, after, expected) in [
            (vec![], vec![run(1)], vec!["started"]),
            (vec![], vec![rest.clone()], vec![]),
            (vec![rest.clone()], vec![run(1)], vec!["started"]),
            (vec![run(1)], vec![rest.clone()], vec!["died"]),
            (vec![run(1)], vec![], vec!["died"]),
            (vec![rest.clone()], vec![], vec![]),
            (vec![run(1)], vec![run(1)], vec![]),
            // one that ended and started again between two looks
            (vec![run(1)], vec![run(2)], vec!["died", "started"]),
            (vec![run(1)], vec![container(1, "b", Some(1))], vec!["renamed"]),
            (
                vec![run(1)],
                vec![container(1, "b", Some(2))],
                vec!["renamed", "died", "started"],
            ),
        ] {
            assert_eq!(kinds(&before, &after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_ran_before_the_agent_knew_of_it_did_not_start_now() {
        let after = table(&[container(1, "a", Some(1))]);
        assert_eq!(changes(&ContainerTable::default(), &after, 5), []);
        // of a container that a list told of, the start becomes known with its inspection
        let listed = Container {
            started_ns: None,
            ..container(1, "a", Some(1))
        };
        assert_eq!(changes(&table(&[listed]), &after, 5), []);
    }

    #[test]
    fn a_new_name_tells_the_old_one() {
        let events = changes(
            &table(&[container(1, "a", Some(1))]),
            &table(&[container(1, "b", Some(1))]),
            5,
        );
        let text = serde_json::to_value(&events[0]).unwrap();
        assert_eq!(
            (&text["name"], &text["old_name"], &text["at_ms"]),
            (&"b".into(), &"a".into(), &5.into())
        );
        assert_eq!(text["id"].as_str().map(str::len), Some(64));
    }
}

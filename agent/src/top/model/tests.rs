use super::{super::columns::Column, *};
use crate::client::reply::History;

fn snapshot(containers: &[(&str, f64)]) -> Update {
    let containers = containers.iter().map(|(name, cpu)| Container {
        id: format!("id-{name}"),
        name: (*name).to_owned(),
        cpu: Some(*cpu),
        ..Container::default()
    });
    Update::Snapshot {
        snapshot: Snapshot {
            interval_ms: Some(1000),
            containers: containers.collect(),
            ..Snapshot::default()
        },
        age: None,
    }
}

fn trouble(said: &str) -> Trouble {
    Trouble {
        is_away: true,
        said: said.to_owned(),
    }
}

fn failed(said: &str) -> Update {
    Update::Failed(trouble(said))
}

fn with(containers: &[(&str, f64)]) -> (Model, Instant) {
    let (mut model, now) = (Model::default(), Instant::now());
    model.take(snapshot(containers), now);
    (model, now)
}

fn names(model: &Model) -> Vec<&str> {
    model.rows().iter().map(|row| row.name.as_str()).collect()
}

#[track_caller]
fn on(model: &Model) -> String {
    let rows = model.rows();
    let at = model.cursor(&rows).expect("there are rows");
    rows[at].name.clone()
}

const ABC: [(&str, f64); 4] = [("a", 4.0), ("b", 3.0), ("c", 2.0), ("d", 1.0)];

#[test]
fn the_cursor_moves_within_the_table() {
    let (mut model, _) = with(&ABC);
    model.page = 2;
    for (action, expected) in [
        (Action::Up, "a"),
        (Action::Down, "b"),
        (Action::PageDown, "d"),
        (Action::Down, "d"),
        (Action::PageUp, "b"),
        (Action::Last, "d"),
        (Action::First, "a"),
    ] {
        assert_eq!(model.act(action), Flow::On);
        assert_eq!(on(&model), expected, "{action:?}");
    }
    let mut empty = Model::default();
    assert_eq!(empty.act(Action::Down), Flow::On);
    assert_eq!(empty.act(Action::Open), Flow::On);
    assert_eq!(empty.cursor(&[]), None);
    assert_eq!(empty.act(Action::Quit), Flow::Quit);
}

#[test]
fn the_cursor_follows_its_container_and_stays_in_place_where_that_is_gone() {
    let (mut model, now) = with(&ABC);
    model.act(Action::Down);
    model.take(snapshot(&[("a", 1.0), ("b", 9.0), ("c", 2.0), ("d", 3.0)]), now);
    assert_eq!((names(&model), on(&model)), (vec!["b", "d", "c", "a"], "b".to_owned()));
    model.act(Action::Sort(Column::Name));
    assert_eq!(on(&model), "b");
    model.take(snapshot(&[("a", 1.0), ("c", 2.0), ("d", 3.0)]), now);
    assert_eq!(on(&model), "a", "where b was before");
    model.take(snapshot(&[("d", 3.0)]), now);
    assert_eq!(on(&model), "d");
    model.take(snapshot(&[]), now);
    model.take(snapshot(&ABC), now);
    assert_eq!(on(&model), "a", "nothing is left to follow");
}

#[test]
fn until_it_is_moved_the_cursor_is_on_the_first_row_whichever_that_is() {
    let (mut model, now) = with(&ABC);
    model.take(snapshot(&[("a", 1.0), ("d", 3.0)]), now);
    assert_eq!(on(&model), "d");
}

#[test]
fn a_filter_is_written_kept_and_cleared() {
    let (mut model, _) = with(&[("web-1", 1.0), ("db", 2.0)]);
    model.act(Action::Filter);
    assert_eq!(model.mode(), Mode::Filter);
    for letter in ['w', 'x', '\u{7}'] {
        model.act(Action::Type(letter));
    }
    assert_eq!(names(&model), Vec::<&str>::new());
    model.act(Action::Erase);
    assert_eq!((model.filter.as_str(), names(&model)), ("w", vec!["web-1"]));
    model.act(Action::Accept);
    assert_eq!((model.mode(), names(&model)), (Mode::Table, vec!["web-1"]));
    model.act(Action::Back);
    assert_eq!(names(&model), ["db", "web-1"]);
    model.act(Action::Filter);
    for _ in 0..200 {
        model.act(Action::Type('w'));
    }
    assert_eq!(model.filter.len(), LONGEST_FILTER);
    model.act(Action::Back);
    assert_eq!((model.mode(), model.filter.as_str()), (Mode::Table, ""));
}

#[test]
fn a_container_is_opened_and_only_its_own_past_is_taken() {
    let (mut model, now) = with(&ABC);
    model.act(Action::Down);
    model.act(Action::Open);
    assert_eq!(model.mode(), Mode::Detail);
    let of = |id: &str, window| Wanted {
        id: id.to_owned(),
        window,
    };
    let known = Past::Known(History::default());
    let past = |model: &Model| model.detail.as_ref().map(|detail| detail.past.clone());
    for other in [of("id-a", Window::Minutes), of("id-b", Window::Day)] {
        model.take(Update::Past(other, known.clone()), now);
        assert_eq!(past(&model), Some(Past::Asked));
    }
    model.take(Update::Past(of("id-b", Window::Minutes), known.clone()), now);
    assert_eq!(past(&model), Some(known.clone()));
    model.act(Action::Window(Window::Minutes));
    assert_eq!(past(&model), Some(known), "the same window again");
    model.act(Action::Window(Window::Hour));
    assert_eq!(past(&model), Some(Past::Asked));
    model.act(Action::Down);
    let wanted = model.detail.as_ref().map(|detail| detail.wanted.clone());
    assert_eq!(wanted, Some(of("id-c", Window::Hour)), "the next one, as far back");
    model.take(snapshot(&ABC[..2]), now);
    assert_eq!(model.detailed(), None, "gone, and still shown by its past");
    model.act(Action::Help);
    model.act(Action::Back);
    assert_eq!(model.mode(), Mode::Detail);
    model.act(Action::Back);
    assert_eq!((model.mode(), on(&model)), (Mode::Table, "b".to_owned()));
}

#[test]
fn figures_grow_old_and_are_kept_while_the_agent_is_away() {
    let (mut model, start) = with(&ABC);
    let after = |ms| start + Duration::from_millis(ms);
    assert_eq!(model.age(after(1500)), Some((Duration::from_millis(1500), false)));
    assert_eq!(
        model.age(after(4001)),
        Some((Duration::from_millis(4001), true)),
        "it lives and measures nothing"
    );
    model.take(failed("no agent\u{1b}"), after(100));
    model.take(failed("no answer"), after(200));
    let broken = |why: &str, ms| Link::Broken {
        why: trouble(why),
        since: after(ms),
    };
    assert_eq!(model.link, broken("no answer", 100), "since the first failure");
    assert_eq!(model.age(after(300)), Some((Duration::from_millis(300), true)));
    assert_eq!(names(&model).len(), 4);
    model.take(snapshot(&ABC[..1]), after(400));
    assert_eq!(
        (&model.link, model.age(after(400))),
        (&Link::Live, Some((Duration::ZERO, false)))
    );
    model.take(failed("no agent\u{1b}"), after(500));
    assert_eq!(model.link, broken("no agent\\u{1b}", 500));
    assert_eq!(Model::default().age(start), None);
}

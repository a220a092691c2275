//! What keys mean, by what is on the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{columns::Column, model::Window};

/// What is on the screen, as far as keys mean something else there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Table,
    /// A filter is being written.
    Filter,
    /// One container.
    Detail,
    Help,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Sort(Column),
    /// A filter is to be written.
    Filter,
    Type(char),
    Erase,
    /// The filter is as it should be.
    Accept,
    /// Back: from the filter, from one container, from help.
    Back,
    Open,
    Window(Window),
    Help,
}

/// What a key asks for; `None` where it means nothing.
pub(super) fn action(key: KeyEvent, mode: Mode) -> Option<Action> {
    let controls = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    if controls {
        return match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Action::Quit),
            _ => None,
        };
    }
    match mode {
        Mode::Filter => of_filter(key.code),
        Mode::Help => Some(if key.code == KeyCode::Char('q') {
            Action::Quit
        } else {
            Action::Back
        }),
        Mode::Table => of_table(key.code),
        Mode::Detail => of_detail(key.code),
    }
}

fn of_filter(code: KeyCode) -> Option<Action> {
    match code {
        KeyCode::Char(character) => Some(Action::Type(character)),
        KeyCode::Backspace => Some(Action::Erase),
        KeyCode::Enter => Some(Action::Accept),
        KeyCode::Esc => Some(Action::Back),
        _ => moves(code),
    }
}

fn of_table(code: KeyCode) -> Option<Action> {
    Some(match code {
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Char('j') => Action::Down,
        KeyCode::Char('k') => Action::Up,
        KeyCode::Char('c') => Action::Sort(Column::Cpu),
        KeyCode::Char('m') => Action::Sort(Column::Memory),
        KeyCode::Char('r') => Action::Sort(Column::Rx),
        KeyCode::Char('t') => Action::Sort(Column::Tx),
        KeyCode::Char('n') => Action::Sort(Column::Name),
        KeyCode::Char('s') => Action::Sort(Column::Service),
        KeyCode::Char('/') => Action::Filter,
        KeyCode::Char('?' | 'h') => Action::Help,
        KeyCode::Enter => Action::Open,
        KeyCode::Esc => Action::Back,
        _ => return moves(code),
    })
}

fn of_detail(code: KeyCode) -> Option<Action> {
    Some(match code {
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Char('1') => Action::Window(Window::Minutes),
        KeyCode::Char('2') => Action::Window(Window::Hour),
        KeyCode::Char('3') => Action::Window(Window::Day),
        KeyCode::Char('?' | 'h') => Action::Help,
        KeyCode::Esc | KeyCode::Enter | KeyCode::Backspace => Action::Back,
        KeyCode::Char('j') => Action::Down,
        KeyCode::Char('k') => Action::Up,
        _ => return moves(code),
    })
}

fn moves(code: KeyCode) -> Option<Action> {
    Some(match code {
        KeyCode::Up => Action::Up,
        KeyCode::Down => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::Home => Action::First,
        KeyCode::End => Action::Last,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_help_says() {
        use Mode::{Detail, Filter, Help, Table};
        let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let letter = |letter| plain(KeyCode::Char(letter));
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        for (key, mode, expected) in [
            (letter('q'), Table, Some(Action::Quit)),
            (letter('q'), Detail, Some(Action::Quit)),
            (letter('q'), Help, Some(Action::Quit)),
            (letter('q'), Filter, Some(Action::Type('q'))),
            (control('c'), Filter, Some(Action::Quit)),
            (control('c'), Help, Some(Action::Quit)),
            (control('q'), Table, None),
            (control('m'), Table, None),
            (letter('j'), Table, Some(Action::Down)),
            (letter('j'), Filter, Some(Action::Type('j'))),
            (plain(KeyCode::Down), Filter, Some(Action::Down)),
            (plain(KeyCode::PageUp), Table, Some(Action::PageUp)),
            (plain(KeyCode::End), Table, Some(Action::Last)),
            (letter('m'), Table, Some(Action::Sort(Column::Memory))),
            (letter('s'), Table, Some(Action::Sort(Column::Service))),
            (letter('2'), Table, None),
            (letter('2'), Detail, Some(Action::Window(Window::Hour))),
            (letter('/'), Table, Some(Action::Filter)),
            (letter('/'), Filter, Some(Action::Type('/'))),
            (plain(KeyCode::Esc), Filter, Some(Action::Back)),
            (plain(KeyCode::Enter), Filter, Some(Action::Accept)),
            (plain(KeyCode::Enter), Table, Some(Action::Open)),
            (plain(KeyCode::Esc), Detail, Some(Action::Back)),
            (letter('?'), Table, Some(Action::Help)),
            (letter('x'), Help, Some(Action::Back)),
            (plain(KeyCode::F(5)), Table, None),
        ] {
            assert_eq!(action(key, mode), expected, "{key:?} {mode:?}");
        }
        let shifted = KeyEvent::new(KeyCode::Char('W'), KeyModifiers::SHIFT);
        assert_eq!(action(shifted, Filter), Some(Action::Type('W')));
    }
}

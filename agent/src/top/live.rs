//! The terminal: taken, drawn on at each key and each snapshot, and given back however it ends.

use std::{
    io,
    pin::pin,
    thread,
    time::{Duration, Instant},
};

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use ratatui::{DefaultTerminal, widgets::TableState};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    draw, feed,
    keys::action,
    model::{Flow, Model, Update, Wanted},
};
use crate::client::{Access, Client, ClientError, block_on};

/// Replies that the screen has not shown yet.
const MOST_UPDATES: usize = 4;
/// How often the age of the figures is told anew.
const REDRAW: Duration = Duration::from_secs(1);

/// The terminal as programs take it that draw on all of it; dropped, it is as it was before. A panic gives it back too,
/// before its message is written.
struct Screen(DefaultTerminal);

impl Screen {
    fn take() -> io::Result<Self> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                ratatui::restore();
                Err(error)
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // twice would put the cursor back over the message of a panic
        if !thread::panicking() {
            ratatui::restore();
        }
    }
}

/// Shows it until somebody ends it.
pub(super) fn run(access: &Access, panics: bool) -> Result<u8, ClientError> {
    let terminal = |error: io::Error| ClientError::Local(format!("the terminal: {error}"));
    let (follower, recaller) = (Client::new(access)?, Client::new(access)?);
    block_on(async {
        let (updates, received) = mpsc::channel(MOST_UPDATES);
        let (want, wanted) = watch::channel(None);
        let mut feed = pin!(async {
            tokio::join!(
                feed::follow(follower, updates.clone()),
                feed::recall(recaller, wanted, updates.clone())
            )
        });
        let mut screen = Screen::take()?;
        let mut shown = pin!(show(&mut screen, received, &want, panics));
        tokio::select! {
            ended = &mut shown => ended,
            _ = &mut feed => shown.await,
        }
    })
    .flatten()
    .map(|()| 0)
    .map_err(terminal)
}

async fn show(
    screen: &mut Screen,
    mut received: mpsc::Receiver<Update>,
    want: &watch::Sender<Option<Wanted>>,
    panics: bool,
) -> io::Result<()> {
    let (mut model, mut scrolled) = (Model::default(), TableState::new());
    let mut keys = EventStream::new();
    let mut redraw = interval(REDRAW);
    redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ends = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(terminate), Ok(interrupt), Ok(hangup)] = &mut ends else {
        return Err(io::Error::other("its signals cannot be had"));
    };
    loop {
        screen.0.draw(|frame| {
            model.page = draw::frame(frame, &model, &mut scrolled, Instant::now());
        })?;
        broken_on_purpose(panics && model.figures.is_some());
        tokio::select! {
            key = keys.next() => match key {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if action(key, model.mode()).map(|action| model.act(action)) == Some(Flow::Quit) {
                        return Ok(());
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
            Some(update) = received.recv() => model.take(update, Instant::now()),
            _ = redraw.tick() => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hangup.recv() => return Ok(()),
        }
        let wanted = model.detail.as_ref().map(|detail| detail.wanted.clone());
        want.send_if_modified(|before| {
            let is_new = *before != wanted;
            if is_new {
                *before = wanted;
            }
            is_new
        });
    }
}

/// For the test of what a panic leaves behind.
fn broken_on_purpose(now: bool) {
    assert!(!now, "broken on purpose");
}

//! A request that is being answered, and its connection's seat.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as _, Frame};

use super::{seats::Seat, until::Until};
use crate::access::{Caller, Who};

/// Keeps the seat while it lives: the request may be dropped at any time.
pub(super) struct Busy(Arc<Seat>);

impl Busy {
    pub(super) fn new(seat: Arc<Seat>) -> Self {
        seat.set_busy(true);
        Self(seat)
    }

    /// Notes who it is that has the seat, where it was asked for.
    pub(super) fn is_of(&self, caller: &Caller) {
        if caller.who != Who::Anyone {
            self.0.set_known();
        }
    }

    /// A reply that has a length is made, and is sent whether or not somebody else wants the seat; one that goes on, as
    /// events do, is under way until its end, or until its caller has to show anew who they are.
    pub(super) fn while_it_streams(self, body: Body, until: [Option<Until>; 2]) -> Body {
        if body.size_hint().exact().is_some() {
            return body;
        }
        let over = Box::pin(async move {
            tokio::select! {
                () = Until::is_over(until[0].as_ref()) => {}
                () = Until::is_over(until[1].as_ref()) => {}
            }
        });
        Body::new(Streaming {
            body,
            over,
            _busy: self,
        })
    }
}

/// A body that keeps its connection's seat.
struct Streaming {
    body: Body,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    _busy: Busy,
}

impl hyper::body::Body for Streaming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.over.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set_busy(false);
    }
}

//! How long what a caller has shown is good.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// When a caller has to show anew who they are.
#[derive(Clone, Debug)]
pub(super) struct Until {
    /// Cancelled when what it was held against has changed.
    pub(super) changed: CancellationToken,
    /// What was shown may have expired since.
    pub(super) at: Option<Instant>,
}

impl Until {
    /// For ever, where nothing was shown.
    pub(super) async fn is_over(of: Option<&Self>) {
        let Some(Self { changed, at }) = of else {
            return std::future::pending().await;
        };
        match *at {
            Some(at) => {
                let _changed = tokio::time::timeout_at(at, changed.cancelled()).await;
            }
            None => changed.cancelled().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_shown_is_good_until_it_is_changed_or_too_old() {
        let until = |at| Until {
            changed: CancellationToken::new(),
            at,
        };
        let is_over = |until: &Until| Until::is_over(Some(until)).now_or_never().is_some();
        let now = Instant::now();
        assert!(!is_over(&until(None)));
        assert!(!is_over(&until(Some(now + Duration::from_mins(1)))));
        Until::is_over(Some(&until(Some(now)))).await;
        for at in [None, Some(now + Duration::from_mins(1))] {
            let until = until(at);
            until.changed.cancel();
            assert!(is_over(&until));
        }
        assert!(Until::is_over(None).now_or_never().is_none());
    }
}

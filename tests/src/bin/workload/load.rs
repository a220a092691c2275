//! CPU and memory load.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// More would not load a test machine further.
const MOST_THREADS: u64 = 64;
/// What one request may hold.
const MOST_BYTES: u64 = 1 << 30;
/// Spins between two looks at the clock: about 10 us, so that the clock is not what burns.
const SPINS_A_LOOK: u32 = 10_000;
/// Memory counts as used only once it was written to, page by page.
const PAGE_BYTES: usize = 4096;

/// Keeps `threads` CPUs busy for `time`.
pub(crate) fn spin(threads: u64, time: Duration) -> Result<(), String> {
    if !(1..=MOST_THREADS).contains(&threads) {
        return Err(format!("threads must be 1 to {MOST_THREADS}"));
    }
    let end = Instant::now() + time;
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while Instant::now() < end {
                    for spin in 0..SPINS_A_LOOK {
                        black_box(spin);
                    }
                }
            });
        }
    });
    Ok(())
}

/// Holds `bytes` of memory in use for `time`.
pub(crate) fn hold_memory(bytes: u64, time: Duration) -> Result<(), String> {
    if bytes > MOST_BYTES {
        return Err(format!("bytes must be at most {MOST_BYTES}"));
    }
    let bytes = usize::try_from(bytes).map_err(|error| error.to_string())?;
    let mut held = vec![0_u8; bytes];
    for page in held.chunks_mut(PAGE_BYTES) {
        page.fill(1);
    }
    black_box(&held);
    thread::sleep(time);
    Ok(())
}

//! What several guests need.

use std::time::Duration;

use lunatic::Process;

/// Milliseconds, shorter to write.
pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Prints `ok: <what>`, or fails this process with a message that says what went wrong.
#[track_caller]
pub fn check(what: &str, holds: bool) {
    assert!(holds, "not true: {what}");
    println!("ok: {what}");
}

/// Tries `condition` every millisecond until it holds, and fails this process after ten seconds.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if condition() {
            return;
        }
        lunatic::sleep(ms(1));
    }
    panic!("waited in vain until {what}");
}

/// Waits for the end of a process that is not linked.
#[track_caller]
pub fn wait_for_end<M, S>(process: Process<M, S>) {
    wait_until("the process has ended", || !process.is_alive());
}

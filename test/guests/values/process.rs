// Processes as values, to be looked at where the process stands at "here".
#![no_std]
use lunatic::ap::{AbstractProcess, ProcessRef, State};
use lunatic::function::process::Process;

struct Counter {
    count: u32,
    last: Option<u8>,
}
impl AbstractProcess for Counter {
    type State = Self;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[no_mangle]
pub extern "C" fn _start() {
    let own: Process<i32> = Process::new(0, 1);
    let ended: Option<Process<()>> = Some(Process::new(0, 99));
    let mut counter = Counter { count: 3, last: Some(7) };
    let state: State<Counter> = State::new(&mut counter);
    let sup: ProcessRef<Counter> = ProcessRef::new(Process::new(0, 1));
    let read = state.count as u64 + state.last.map_or(0, u64::from) + sup.id();
    let sum = read + own.id() + ended.map_or(0, |process| process.id()); // here
    if sum == 0 {
        core::arch::wasm32::unreachable()
    }
}

// Processes as values, to be looked at where the process stands at "here".
#![no_std]
use lunatic::function::process::Process;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[no_mangle]
pub extern "C" fn _start() {
    let own: Process<i32> = Process::new(0, 1);
    let ended: Option<Process<()>> = Some(Process::new(0, 99));
    let sum = own.id() + ended.map_or(0, |process| process.id()); // here
    if sum == 0 {
        core::arch::wasm32::unreachable()
    }
}

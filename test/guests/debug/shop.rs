// Two workers that price what they are sent. Tests of the debugger find lines by the comments at their ends.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[link(wasm_import_module = "lunatic::message")]
extern "C" {
    fn receive(tags: *const i64, count: u32, timeout: u64) -> u32;
    fn read_data(data: *mut u8, length: u32) -> u32;
}
#[link(wasm_import_module = "lunatic::process")]
extern "C" {
    fn spawn(
        link: i64,
        config: i64,
        module: i64,
        function: *const u8,
        function_length: u32,
        parameters: *const u8,
        parameters_length: u32,
        id: *mut u64,
    ) -> u32;
    fn sleep_ms(milliseconds: u64);
}

static mut TOTAL: i32 = 0;

#[inline(never)]
fn price(count: i32) -> i32 {
    let mut sum = count * 3; // sum
    if sum > 30 { // check
        sum = less(sum); // discount
    }
    sum
} // result

#[inline(always)]
fn less(sum: i32) -> i32 {
    let reduced = sum.max(1); // inlined
    reduced - 5 // less
}

#[no_mangle]
pub extern "C" fn worker() {
    loop {
        let mut bytes = [0u8; 4];
        unsafe { receive(core::ptr::null(), 0, u64::MAX) }; // receive
        unsafe { read_data(bytes.as_mut_ptr(), 4) }; // read
        let sum = price(i32::from_le_bytes(bytes)); // price
        unsafe { TOTAL += sum }; // total
    }
}

#[no_mangle]
pub extern "C" fn _start() {
    let mut id = 0;
    for _ in 0..2 {
        let name = "worker";
        unsafe { spawn(0, -1, -1, name.as_ptr(), name.len() as u32, core::ptr::null(), 0, &mut id) };
    }
    unsafe { sleep_ms(1_000_000_000) };
}

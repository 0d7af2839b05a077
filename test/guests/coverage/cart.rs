// Prices carts. At the end of each line that has code stands, in brackets, which tests reach it.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { // [stops]
    core::arch::wasm32::unreachable() // [stops]
}

static mut TOTAL: i32 = 0;

fn add(sum: i32) { // [bulk few generic]
    unsafe { TOTAL += sum } // [bulk few generic]
} // [bulk few generic]

fn price(count: i32) -> i32 { // [bulk few]
    let mut sum = count * 3; // [bulk few]
    if sum > 30 { // [bulk few]
        sum -= sum / 10; // [bulk]
    }
    sum
} // [bulk few]

#[inline(always)]
fn doubled(count: i32) -> i32 {
    2 * count // [bulk]
}

fn largest<T: PartialOrd + Copy>(a: T, b: T) -> T { // [generic]
    if a > b { // [generic]
        a // [generic]
    } else {
        b // [generic]
    }
} // [generic]

#[export_name = "#lunatic_test_few"]
pub extern "C" fn few() { // [few]
    for count in 0..3 { // [few]
        add(price(count)); // [few]
    }
} // [few]

#[export_name = "#lunatic_test_bulk"]
pub extern "C" fn bulk() { // [bulk]
    add(doubled(price(40))); // [bulk]
    if price(1) > 100 { // [bulk]
        add(1); // []
    }
} // [bulk]

#[export_name = "#lunatic_test_generic"]
pub extern "C" fn generic() { // [generic]
    add(largest(1, 2)); // [generic]
    add(largest(2.5, 1.5) as i32); // [generic]
} // [generic]

#[export_name = "#lunatic_test_stops"]
pub extern "C" fn stops() { // [stops]
    let total = unsafe { TOTAL }; // [stops]
    assert!(total == 2); // [stops]
    add(3); // []
} // []

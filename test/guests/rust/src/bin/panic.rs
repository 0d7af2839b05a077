//! A root process that panics some calls deep. Its functions keep their names, for a readable stack.

#[inline(never)]
fn open_the_box(number: u32) -> u32 {
    look_inside(number + 1) + 1
}

#[inline(never)]
fn look_inside(number: u32) -> u32 {
    find_the_cat(number * 2) + 1
}

#[inline(never)]
fn find_the_cat(number: u32) -> u32 {
    if number > 10 {
        panic!("the cat number {number} is not in the box");
    }
    number
}

fn main() {
    println!("opening the box");
    let number = std::env::args().count() as u32;
    println!("found {}", open_the_box(number + 10));
}

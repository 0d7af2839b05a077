//! Arguments and environment variables of the root process.
//!
//! Run it with the arguments `one` and `two words`, and with `GUEST_GREETING` set.

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    println!("hello from Rust");
    println!("program: {}", arguments[0]);
    for argument in &arguments[1..] {
        println!("argument: {argument}");
    }
    match std::env::var("GUEST_GREETING") {
        Ok(greeting) => println!("GUEST_GREETING: {greeting}"),
        Err(_) => println!("GUEST_GREETING is not set"),
    }
}

//! A program that panics in a function with variables of many types.
use std::collections::BTreeMap;

struct Order {
    item: String,
    count: u32,
    notes: Vec<&'static str>,
}

fn check(order: &Order, stock: &BTreeMap<&str, u32>) -> u32 {
    let available = stock[order.item.as_str()];
    if order.count > available {
        let missing = order.count - available;
        panic!("{} of {} are missing", missing, order.item); // panic
    }
    available
}

fn main() {
    let order = Order { item: "cake".to_string(), count: 12, notes: vec!["no nuts", "to go"] };
    let mut stock = BTreeMap::new();
    stock.insert("cake", 5);
    stock.insert("tea", 80);
    let tip = Some(2.5);
    let left = check(&order, &stock); // main
    println!("{left} {} {tip:?}", order.notes.len());
}

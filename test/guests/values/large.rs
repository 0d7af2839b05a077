//! Maps of many entries, in which keys are looked up where the process stands at "here".
use std::collections::{BTreeMap, HashMap};

fn hold(names: &BTreeMap<i32, i32>, counts: &HashMap<String, i32>) -> i32 {
    let sum = names[&1] + counts["1"];
    sum // here
}

fn main() {
    let names: BTreeMap<i32, i32> = (0..30_000).map(|i| (i, 2 * i)).collect();
    let counts: HashMap<String, i32> = (0..30_000).map(|i| (i.to_string(), 3 * i)).collect();
    assert!(hold(&names, &counts) > 0);
}

// Iterators of which something is left, and values without a size of their own, to be looked at where the process stands at "here".
// Tests of the debugger have a table of them.
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

trait Shape {
    fn area(&self) -> f64;
}

struct Circle {
    id: u16,
    radius: f64,
}

struct Dot(u8);

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.radius * f64::from(self.id)
    }
}

impl Shape for Dot {
    fn area(&self) -> f64 {
        f64::from(self.0)
    }
}

struct Node<Body: ?Sized> {
    id: u32,
    body: Body,
}

fn uses<Value>(_: Value) {}

fn main() {
    let numbers = vec![1, 2, 3, 4];
    let mut slice = numbers.iter();
    slice.next();
    let mut back = numbers.iter();
    back.next_back();
    let nothing = numbers[4..].iter();
    let mut others = [7u8, 8, 9];
    let mut mutable = others.iter_mut();
    mutable.next();
    let mut owned = vec![String::from("one"), String::from("two"), String::from("three")].into_iter();
    owned.next();
    let units = [(), (), ()].iter();
    let mut array = [10, 20, 30].into_iter();
    array.next();
    let mut chars = "größer".chars();
    chars.nth(2);
    let mut indices = "größer".char_indices();
    indices.nth(2);
    let mut bytes = "ab".bytes();
    bytes.next();
    let mut range = 1..4;
    range.next();
    let mut all = 1..=2;
    let mut done = 1..=1;
    all.next();
    done.next();
    let mut numbered = numbers.iter().enumerate();
    numbered.next();
    let reversed = numbers.iter().rev();
    let some = numbers.iter().skip(1).take(2);
    let mut peeked = numbers.iter().peekable();
    peeked.peek();
    let pairs = numbers.iter().zip("xyz".chars());
    let copied = numbers.iter().copied();
    let windows = numbers.windows(2);
    let chunks = numbers.chunks(3);
    let table: HashMap<i32, i32> = (0..5).map(|i| (i, i)).collect();
    let mut entries = table.iter();
    entries.next();
    let keys = table.keys();
    let tree: BTreeMap<i32, i32> = (0..5).map(|i| (i, i)).collect();
    let mut sorted = tree.iter();
    sorted.next();
    let values = tree.values();
    let mut deque: VecDeque<i32> = VecDeque::with_capacity(4);
    deque.extend([1, 2, 3]);
    deque.rotate_left(1);
    let turned = deque.iter();
    let mut drained = vec![5, 6, 7, 8];
    let drain = drained.drain(1..3);
    let shared: Rc<RefCell<dyn Shape>> = Rc::new(RefCell::new(Circle { id: 7, radius: 2.5 }));
    let locked: Arc<Mutex<dyn Shape>> = Arc::new(Mutex::new(Dot(9)));
    let boxed: Box<RefCell<dyn Shape>> = Box::new(RefCell::new(Circle { id: 8, radius: 3.5 }));
    let node: &Node<dyn Shape> = &Node { id: 5, body: Circle { id: 1, radius: 1.5 } };
    let small: Box<Node<dyn Shape>> = Box::new(Node { id: 6, body: Dot(2) });
    let ending: &Node<[u16]> = &Node { id: 4, body: [1, 2, 3] };
    let borrowed = boxed.borrow();
    let order = Ordering::Less;
    uses((&slice, &back, &nothing, &mutable, &owned, &units, &array, &chars, &indices, &bytes, &range)); // here
    uses((&all, &done, &numbered, &reversed, &some, &peeked, &pairs, &copied, &windows, &chunks, &entries));
    uses((&keys, &sorted, &values, &turned, &drain, &order, ending.id, ending.body.len()));
    uses((shared.borrow().area(), locked.lock().unwrap().area(), borrowed.area(), node.body.area(), small.body.area()));
    uses((node.id, small.id));
}

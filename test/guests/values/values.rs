// A value of each kind, to be looked at where the process stands at "here". Tests of the debugger have a table of them.
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};
use std::time::Duration;

trait Animal {
    fn legs(&self) -> u32;
}
struct Cat {
    lives: u8,
}
struct Fish;
impl Animal for Cat {
    fn legs(&self) -> u32 {
        u32::from(self.lives)
    }
}
impl Animal for Fish {
    fn legs(&self) -> u32 {
        0
    }
}

#[derive(Clone, Copy)]
struct Point {
    x: i32,
    y: i32,
}
struct Meters(f64);
struct Unit;
#[derive(Clone, Copy)]
enum Direction {
    North,
    South = 7,
}
enum Shape {
    Empty,
    Circle(f32),
    Rect { width: u16, height: u16 },
}
struct Generic<T> {
    value: T,
}

static GREETING: &str = "hello";
static mut COUNTER: u32 = 5;

#[inline(never)]
fn show(count: u32, name: &str, point: &Point, rest: &[i16]) -> usize {
    let tiny = -5i8;
    let byte = 200u8;
    let small = -300i16;
    let big = -9_000_000_000_000_000_000i64;
    let huge = u128::MAX;
    let least = i128::MIN;
    let size = 42usize;
    let third = 1.0f32 / 3.0;
    let pi = 3.141592653589793f64;
    let yes = true;
    let letter = 'x';
    let umlaut = 'ß';
    let unit = ();
    let text = "a \"quote\" and é";
    let empty = "";
    let string = String::from("owned");
    let slice = &[1u8, 2, 3][..];
    let array = [10, 20, 30];
    let grid = [[1u8, 2], [3, 4]];
    let tuple = (1, 2.5f32, 'c');
    let here = Point { x: 3, y: -4 };
    let meters = Meters(1.5);
    let nothing = Unit;
    let north = Direction::North;
    let south = Direction::South;
    let no_shape = Shape::Empty;
    let circle = Shape::Circle(0.5);
    let rect = Shape::Rect { width: 3, height: 4 };
    let some = Some(5u32);
    let none: Option<u32> = None;
    let some_text = Some("text");
    let no_text: Option<&str> = None;
    let some_box = Some(Box::new(8u64));
    let good: Result<u8, String> = Ok(1);
    let bad: Result<u8, String> = Err("went wrong".to_string());
    let vec = vec![1, 2, 3];
    let words = vec!["one".to_string(), "two".to_string()];
    let no_words: Vec<String> = Vec::new();
    let mut deque: VecDeque<i32> = VecDeque::with_capacity(4);
    deque.extend([1, 2, 3]);
    deque.pop_front();
    deque.extend([4, 5]);
    let boxed = Box::new(Point { x: 5, y: 6 });
    let rc = Rc::new(11);
    let rc_again = rc.clone();
    let weak: Weak<i32> = Rc::downgrade(&rc);
    let arc = Arc::new("shared".to_string());
    let cell = Cell::new(12);
    let ref_cell = RefCell::new(13);
    let borrowed = ref_cell.borrow();
    let mutex = Mutex::new(vec![14]);
    let map: HashMap<&str, i32> = [("many", 100)].into_iter().collect();
    let set: HashSet<u16> = [7].into_iter().collect();
    let tree: BTreeMap<i32, &str> = (0..30).map(|i| (i, "leaf")).collect();
    let sorted: BTreeSet<char> = ['b', 'a'].into_iter().collect();
    let short = Duration::from_millis(1500);
    let nanos = Duration::from_nanos(42);
    let animal: Box<dyn Animal> = Box::new(Cat { lives: 9 });
    let fish: &dyn Animal = &Fish;
    let shared: Rc<dyn Animal> = Rc::new(Cat { lives: 8 });
    let str_box: Box<str> = "boxed".into();
    let slice_rc: Rc<[u8]> = Rc::from(vec![1, 2]);
    let generic = Generic { value: Some(Point { x: 1, y: 2 }) };
    let pointer: *const i32 = &here.x;
    let function: fn(&Point) -> i32 = first;
    let closure = |by: i32| here.x * by;
    let range = 1..5;
    let shadowed = 1;
    {
        let shadowed = "again";
        unsafe { COUNTER += 1 };
        let total = uses(&[&tiny, &byte, &small, &big, &huge, &least, &size, &third, &pi, &yes, &letter, &umlaut, &unit, &text, &empty])
            + uses(&[&string, &slice, &array, &grid, &tuple, &here, &meters, &nothing, &north, &south, &no_shape, &circle, &rect])
            + uses(&[&some, &none, &some_text, &no_text, &some_box, &good, &bad, &vec, &words, &no_words, &deque, &boxed, &rc_again])
            + uses(&[&weak, &arc, &cell, &borrowed, &mutex, &map, &set, &tree, &sorted, &short, &nanos, &str_box, &slice_rc])
            + uses(&[&generic, &pointer, &function, &range, &shadowed, &count, &name, &point, &rest, &GREETING]); // here
        total + closure(2) as usize + animal.legs() as usize + fish.legs() as usize + shared.legs() as usize
    }
}

fn first(point: &Point) -> i32 {
    point.x + point.y
}

trait Used {}
impl<T> Used for T {}
#[inline(never)]
fn uses(all: &[&dyn Used]) -> usize {
    all.len()
}

fn main() {
    let point = Point { x: 100, y: 200 };
    let found = show(12, "a name", &point, &[7, 8, 9]);
    let shape = Shape::Circle(found as f32);
    let length = match shape {
        Shape::Circle(radius) => radius as usize,
        Shape::Rect { width, height } => usize::from(width + height),
        Shape::Empty => 0,
    };
    let meters = Meters(2.0);
    let generic = Generic { value: 1 };
    std::process::exit((length + meters.0 as usize + generic.value + Direction::South as usize == 0) as i32);
}

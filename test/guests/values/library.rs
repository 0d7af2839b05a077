// Values of the standard library that are built of others, to be looked at where the process stands at "here". Tests of the debugger
// have a table of them. What only a current library has is there with `--cfg modern`.
use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BinaryHeap, LinkedList};
use std::error::Error;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::future::Future;
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU8, Wrapping};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::{Duration, Instant, SystemTime};

struct Pause(bool);
impl Future for Pause {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let was = std::mem::replace(&mut self.0, true);
        if was { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn ask(name: String, times: u32) -> u32 {
    let length = name.len() as u32;
    Pause(false).await; // paused
    drop(name);
    length * times
}

async fn answer() -> u32 {
    ask(String::from("who"), 2).await + 1 // asking
}

static WAKER: RawWakerVTable = RawWakerVTable::new(|_| RawWaker::new(std::ptr::null(), &WAKER), |_| {}, |_| {}, |_| {});

struct Tail<Body: ?Sized> {
    head: u32,
    body: Body,
}

#[derive(Debug)]
enum Code {
    Low = 3,
}

#[derive(Debug)]
struct Odd(u8);
impl std::fmt::Display for Odd {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
impl Error for Odd {}

fn twice(number: i32) -> i32 {
    2 * number
}

struct Calls<Function> {
    function: Function,
    count: u32,
}

fn uses<Value>(_: Value) {}

fn main() {
    let list: LinkedList<i32> = [1, 2, 3].into_iter().collect();
    let no_list: LinkedList<String> = LinkedList::new();
    let heap: BinaryHeap<u8> = [3, 9, 1].into_iter().collect();
    let os_string = OsString::from("an os");
    let os_str: &OsStr = &os_string;
    let path_buf = PathBuf::from("/a/path");
    let path: &Path = &path_buf;
    let boxed_path: Box<Path> = path.into();
    let shared_path: Rc<Path> = path.into();
    let c_string = CString::new("of C").unwrap();
    let c_str: &CStr = &c_string;
    let lent: Cow<str> = Cow::Borrowed("lent");
    let own: Cow<[u8]> = Cow::Owned(vec![1, 2]);
    let address: IpAddr = Ipv4Addr::LOCALHOST.into();
    let address6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    let socket: SocketAddr = "1.2.3.4:8080".parse().unwrap();
    let socket6: SocketAddr = "[::1]:443".parse().unwrap();
    let io_error = io::Error::new(io::ErrorKind::Other, Odd(9));
    let simple_error = io::Error::from(io::ErrorKind::NotFound);
    let os_error = io::Error::from_raw_os_error(44);
    let boxed_error: Box<dyn Error + Send + Sync> = Box::new("x".parse::<i32>().unwrap_err());
    let any: Arc<dyn Any + Send + Sync> = Arc::new(5u8);
    let date = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500_000_000_250);
    let instant = Instant::now();
    let flag = AtomicBool::new(true);
    let atomic = AtomicI64::new(-5);
    let not_zero = NonZeroI64::new(-7);
    let zero = NonZeroU8::new(0);
    let wrapping = Wrapping(200u8);
    let manual = ManuallyDrop::new(String::from("kept"));
    let maybe = MaybeUninit::new(4);
    let lock = RwLock::new(vec![6]);
    let guard = lock.read().unwrap();
    let other = RwLock::new(7);
    let mut write = other.write().unwrap();
    *write += 1;
    let pinned = Box::pin(9);
    let nested: Option<Option<bool>> = Some(None);
    let wide: Option<u128> = Some(1 << 100);
    let code = Some(Code::Low);
    let called: &dyn Fn(i32) -> i32 = &twice;
    let calls = Calls { function: twice, count: 2 };
    let cells: Rc<RefCell<[u16]>> = Rc::new(RefCell::new([1, 2]));
    let tail: Rc<Tail<[i32]>> = Rc::new(Tail { head: 4, body: [5, 6] });
    let mut waiting = Box::pin(answer());
    let mut done = Box::pin(Pause(true));
    let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &WAKER)) };
    let mut context = Context::from_waker(&waker);
    let pending = waiting.as_mut().poll(&mut context);
    let ready = done.as_mut().poll(&mut context);
    let future: Pin<Box<dyn Future<Output = u32>>> = Box::pin(answer());
    #[cfg(modern)]
    let (once, no_once, lazy) = modern();
    uses((&list, &no_list, &heap, os_str, &boxed_path, &shared_path, c_str, &lent, &own, &address, &address6)); // here
    uses((&socket, &socket6, &io_error, &simple_error, &os_error, &boxed_error, &any, &date, &instant, &flag));
    uses((&atomic, &not_zero, &zero, &wrapping, &manual, &maybe, &guard, &write, &pinned, &nested, &wide));
    uses((&code, called(calls.count as i32), (calls.function)(1), &cells, tail.head, &tail.body, &pending, &ready));
    uses((future, waiting));
    #[cfg(modern)]
    uses((once, no_once, lazy));
}

#[cfg(modern)]
type Modern = (std::sync::OnceLock<u32>, std::sync::OnceLock<u32>, std::cell::LazyCell<u32>);

#[cfg(modern)]
fn modern() -> Modern {
    let lazy: std::cell::LazyCell<u32> = std::cell::LazyCell::new(|| 12);
    std::cell::LazyCell::force(&lazy);
    (std::sync::OnceLock::from(11), std::sync::OnceLock::new(), lazy)
}

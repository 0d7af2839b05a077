//! A pool of workers that count primes, and the supervisor that keeps them going.

use lunatic::{LinkDiedSignal, Mailbox, MessageSignal, Process, Tag};
use serde::{Deserialize, Serialize};

const WORKERS: usize = 4;
const JOBS: u64 = 8;

/// What a worker may be asked to do.
#[derive(Serialize, Deserialize)]
enum Work {
    Job(Job),
    Stop,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Job {
    number: u64,
    attempt: u32,
}

impl Job {
    fn limit(self) -> u64 {
        self.number * 1000
    }
}

/// What a worker answers.
#[derive(Serialize, Deserialize)]
struct Done {
    worker: usize,
    primes: u64,
}

fn count_primes(limit: u64) -> u64 {
    let is_prime = |candidate: &u64| {
        (2..)
            .take_while(|divisor| divisor * divisor <= *candidate)
            .all(|divisor| candidate % divisor != 0)
    };
    (2..=limit).filter(is_prime).count() as u64
}

/// What a worker does until it is told to stop.
fn worker((index, supervisor): (usize, Process<Done>), mailbox: Mailbox<Work>) {
    while let Work::Job(job) = mailbox.receive() {
        // A bug: the third job crashes the worker, at the first attempt.
        if job.number == 3 && job.attempt == 1 {
            panic!("the third job went wrong");
        }
        let primes = count_primes(job.limit());
        supervisor.send(Done {
            worker: index,
            primes,
        });
    }
}

/// What the supervisor knows of a worker. It is in the memory of the supervisor, and so survives the worker.
struct Post {
    index: usize,
    worker: Process<Work>,
    /// The tag under which a failure of the worker is reported.
    tag: Tag,
    job: Option<Job>,
}

impl Post {
    fn new(index: usize, supervisor: Process<Done>) -> Self {
        let (worker, tag) = hire(index, supervisor);
        Post {
            index,
            worker,
            tag,
            job: None,
        }
    }

    fn begin(&mut self, number: u64) {
        self.try_job(Job { number, attempt: 1 });
    }

    fn try_job(&mut self, job: Job) {
        self.job = Some(job);
        self.worker.send(Work::Job(job));
    }

    /// Puts a new worker in the place of one that has crashed, and has it do the job again.
    fn replace(&mut self, supervisor: Process<Done>) {
        (self.worker, self.tag) = hire(self.index, supervisor);
        if let Some(Job { number, attempt }) = self.job {
            println!(
                "worker {} has crashed in job {number} and is replaced",
                self.index
            );
            self.try_job(Job {
                number,
                attempt: attempt + 1,
            });
        }
    }
}

/// Starts a worker that is linked to this process.
fn hire(index: usize, supervisor: Process<Done>) -> (Process<Work>, Tag) {
    let tag = Tag::new();
    (
        Process::spawn_link_tag((index, supervisor), tag, worker),
        tag,
    )
}

/// Has some jobs done by a pool of workers, and returns the sum of their results.
fn run_pool(workers: usize, jobs: u64, mailbox: Mailbox<Done>) -> u64 {
    let this = mailbox.this();
    // Otherwise the failure of a worker would be that of its supervisor, too.
    let mailbox = mailbox.catch_link_failure();
    let mut numbers = 1..=jobs;
    let mut posts: Vec<Post> = (0..workers).map(|index| Post::new(index, this)).collect();
    for post in &mut posts {
        if let Some(number) = numbers.next() {
            post.begin(number);
        }
    }
    let (mut done, mut sum) = (0, 0);
    while done < jobs {
        match mailbox.receive() {
            MessageSignal::Message(Done { worker, primes }) => {
                let post = &mut posts[worker];
                let limit = post.job.take().map_or(0, Job::limit);
                println!("worker {worker}: {primes} primes up to {limit}");
                sum += primes;
                done += 1;
                if let Some(number) = numbers.next() {
                    post.begin(number);
                }
            }
            MessageSignal::Signal(LinkDiedSignal(tag)) => {
                if let Some(post) = posts.iter_mut().find(|post| post.tag == tag) {
                    post.replace(this);
                }
            }
        }
    }
    for post in posts {
        post.worker.send(Work::Stop);
    }
    sum
}

#[lunatic::main]
fn main(mailbox: Mailbox<Done>) {
    let primes = run_pool(WORKERS, JOBS, mailbox);
    println!("{JOBS} jobs are done: {primes} primes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[lunatic::test]
    fn primes_are_counted() {
        assert_eq!(count_primes(1), 0);
        assert_eq!(count_primes(10), 4);
        assert_eq!(count_primes(1000), 168);
    }

    /// The third job crashes a worker, and is done all the same.
    #[lunatic::test]
    fn a_crashed_worker_is_replaced(mailbox: Mailbox<Done>) {
        assert_eq!(run_pool(2, 3, mailbox), 168 + 303 + 430);
    }
}

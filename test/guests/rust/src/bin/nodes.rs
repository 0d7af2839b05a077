//! Processes on all nodes of a cluster: spawned there, asked, and told apart by their nodes. It waits for three nodes.

use lunatic::ap::handlers::Request;
use lunatic::ap::{AbstractProcess, Config, RequestHandler, State};
use lunatic::serializer::Bincode;
use lunatic::{distributed, sleep, Mailbox, Process, ProcessConfig};
use lunatic_guests::{check, ms};
use serde::{Deserialize, Serialize};

/// What a worker tells of itself.
#[derive(Serialize, Deserialize, Debug)]
struct Report {
    node: u64,
    product: u64,
}

/// Multiplies what it gets first by what it was spawned with, for whoever has asked.
fn worker((factor, asker): (u64, Process<Report>), mailbox: Mailbox<u64>) {
    let number = mailbox.receive();
    asker.send(Report { node: distributed::node_id(), product: factor * number });
}

struct Sum(u64);

impl AbstractProcess for Sum {
    type Arg = u64;
    type State = Self;
    type Serializer = Bincode;
    type Handlers = (Request<u64>,);
    type StartupError = ();

    fn init(_: Config<Self>, start: u64) -> Result<Self, ()> {
        Ok(Sum(start))
    }
}

impl RequestHandler<u64> for Sum {
    type Response = (u64, u64);

    fn handle(mut sum: State<Self>, number: u64) -> (u64, u64) {
        sum.0 += number;
        (distributed::node_id(), sum.0)
    }
}

#[lunatic::main]
fn main(mailbox: Mailbox<Report>) {
    let mut nodes = distributed::nodes();
    while nodes.len() < 3 {
        sleep(ms(20));
        nodes = distributed::nodes();
    }
    nodes.sort();
    check("this node is one of them", nodes.contains(&distributed::node_id()));

    let config = ProcessConfig::new().unwrap();
    for (factor, node) in (1..).zip(&nodes) {
        let arguments = (factor, mailbox.this());
        let process = if factor == 1 {
            Process::spawn_node(*node, arguments, worker)
        } else {
            Process::spawn_node_config(*node, &config, arguments, worker)
        };
        check("a process knows its node", process.node_id() == *node);
        process.send(100);
    }
    let mut reports: Vec<Report> = nodes.iter().map(|_| mailbox.receive()).collect();
    reports.sort_by_key(|report| report.product);
    for (report, node) in reports.iter().zip(&nodes) {
        check("each ran on its node", report.node == *node);
        println!("product {}", report.product);
    }

    for node in &nodes {
        let sum = Sum::on_node(*node).start(1000).unwrap();
        let answers: Vec<(u64, u64)> = (1..=3).map(|number| sum.request(number)).collect();
        check("an abstract process answers from its node", answers.iter().all(|(from, _)| from == node));
        println!("sums {:?}", answers.iter().map(|(_, sum)| sum).collect::<Vec<_>>());
    }

    let found = distributed::lookup_nodes("role=worker").unwrap();
    println!("workers {}", found.len());
    check("nobody has that", distributed::lookup_nodes("role=nobody").unwrap().is_empty());
    println!("done");
}

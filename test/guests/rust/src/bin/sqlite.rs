//! A database through the crate's client: tables, bindings of every kind, rows, errors, a file that another process
//! opens as well.

use lunatic::sqlite::{Query, SqliteClient, Value};
use lunatic::{Mailbox, Process};

#[lunatic::main]
fn main(mailbox: Mailbox<u64>) {
    let path = std::env::args().nth(1).unwrap_or_else(|| ":memory:".to_string());
    let client = SqliteClient::connect(&path).unwrap();

    println!("literal: {:?}", client.query("select \"Hello\""));

    client
        .execute(
            "DROP TABLE IF EXISTS fruits;
             CREATE TABLE fruits (id INTEGER PRIMARY KEY, name TEXT UNIQUE, price REAL, picture BLOB);",
        )
        .unwrap();
    client.execute("BEGIN").unwrap();
    for (name, price) in [("apple", 1.5), ("pear", 2.25), ("plum", 0.5)] {
        client
            .prepare_query("INSERT INTO fruits (name, price, picture) VALUES (?, ?, ?)")
            .bind(name)
            .bind(price)
            .bind(vec![0u8, 255, name.len() as u8])
            .execute();
    }
    client.execute("COMMIT").unwrap();

    for row in client
        .prepare_query("SELECT * FROM fruits WHERE price > :least ORDER BY name")
        .bind_named("least", 1.0f64)
        .execute_iter()
    {
        println!("row: {:?}", row);
    }
    let big = client
        .prepare_query("SELECT ?, ?, @none")
        .bind(i64::MAX)
        .bind(-7i32)
        .execute();
    println!("numbers: {:?}", big);

    match client.execute("INSERT INTO fruits (name) VALUES ('apple')") {
        Ok(()) => println!("a second apple"),
        Err(error) => println!("a second apple: {}", error.code),
    }
    match client.execute("SELECT * FROM vegetables") {
        Ok(()) => println!("vegetables"),
        Err(error) => println!("vegetables: {}", error.code),
    }

    // Every process has a connection of its own.
    Process::spawn_link((path, mailbox.this()), |(path, parent): (String, Process<u64>), _: Mailbox<()>| {
        let client = SqliteClient::connect(&path).unwrap();
        let rows = client.query("SELECT count(*) FROM sqlite_schema WHERE name = 'fruits'");
        parent.send(match rows[0][0] {
            Value::Int64(count) => count as u64,
            _ => 99,
        });
    });
    println!("tables that another process sees: {}", mailbox.receive());

    let thousand: i64 = client
        .prepare_query(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n",
        )
        .execute_iter()
        .map(|row| match row[0] {
            Value::Int64(i) => i,
            Value::Int(i) => i.into(),
            _ => 0,
        })
        .sum();
    println!("sum of a thousand rows: {}", thousand);
}

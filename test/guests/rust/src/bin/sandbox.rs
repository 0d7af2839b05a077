//! Configs: limits of memory and computing time, withdrawn permissions, own arguments and variables.

use lunatic::serializer::Bincode;
use lunatic::{
    spawn_link, LinkDiedSignal, Mailbox, MessageSignal, Process, ProcessConfig, Tag, WasmModule,
};
use lunatic_guests::{check, ms};

type Catching = Mailbox<String, Bincode, LinkDiedSignal>;

/// Prints what a child says until it fails.
fn listen_until_it_fails(mailbox: &Catching) {
    loop {
        match mailbox.receive() {
            MessageSignal::Message(text) => println!("child: {text}"),
            MessageSignal::Signal(_) => return println!("the child failed, the parent lives"),
        }
    }
}

fn eat_memory(parent: Process<String>, _: Mailbox<()>) {
    let mut hoard: Vec<u8> = Vec::new();
    match hoard.try_reserve_exact(64 << 20) {
        Ok(()) => parent.send("64 MiB were granted".to_owned()),
        Err(_) => parent.send("64 MiB were refused, politely asked for".to_owned()),
    }
    // Without asking: a failing allocation ends the process.
    let hoard = vec![1u8; 64 << 20];
    parent.send(format!("has {} bytes", hoard.len()));
}

fn endless(parent: Process<String>, _: Mailbox<()>) {
    parent.send("begins to count".to_owned());
    let mut count = 0u64;
    loop {
        unsafe { std::ptr::write_volatile(&mut count, count + 1) };
    }
}

fn spawns(parent: Process<String>, _: Mailbox<()>) {
    parent.send("tries to spawn".to_owned());
    Process::<()>::spawn((), |_, _: Mailbox<()>| {});
    parent.send("did spawn".to_owned());
}

#[lunatic::main]
fn main(mailbox: Mailbox<String>) {
    let this = mailbox.this();
    let mailbox = mailbox.catch_link_failure();

    println!("-- a new config");
    let config = ProcessConfig::new().unwrap();
    println!("{config:?}");

    println!("-- memory");
    let mut config = ProcessConfig::new().unwrap();
    config.set_max_memory(4 << 20);
    Process::<()>::spawn_link_config_tag(&config, this, Tag::new(), eat_memory);
    listen_until_it_fails(&mailbox);
    check("the parent may have it", Vec::<u8>::new().try_reserve_exact(64 << 20).is_ok());

    config.set_max_memory(65536);
    let entry = "not looked at before the instance exists";
    let mut error = 0;
    let code = unsafe {
        lunatic::host::api::process::spawn(
            0,
            config.id(),
            -1,
            entry.as_ptr(),
            entry.len(),
            std::ptr::null(),
            0,
            &mut error,
        )
    };
    check("a limit below the initial memory refuses the spawn", code == 1);
    drop(lunatic::LunaticError::Error(error));

    println!("-- fuel");
    let mut config = ProcessConfig::new().unwrap();
    config.set_max_fuel(10);
    Process::<()>::spawn_link_config_tag(&config, this, Tag::new(), endless);
    listen_until_it_fails(&mailbox);

    println!("-- permissions");
    let config = ProcessConfig::new().unwrap();
    Process::<()>::spawn_link_config_tag(&config, this, Tag::new(), spawns);
    listen_until_it_fails(&mailbox);

    spawn_link!(&config, |this| {
        this.send(match ProcessConfig::new() {
            Ok(_) => "may create configs".to_owned(),
            Err(error) => format!("no config: {error}"),
        });
        this.send(match WasmModule::new(b"\0asm\x01\0\0\0") {
            Ok(_) => "may compile modules".to_owned(),
            Err(error) => format!("no module: {error}"),
        });
    });
    println!("child: {}", mailbox.receive().unwrap_message());
    println!("child: {}", mailbox.receive().unwrap_message());

    println!("-- all permissions");
    let mut config = ProcessConfig::new().unwrap();
    config.set_can_spawn_processes(true);
    config.set_can_create_configs(true);
    config.set_can_compile_modules(true);
    spawn_link!(&config, |this| {
        let child_of_child = this;
        spawn_link!(|child_of_child| child_of_child.send("spawned by a child".to_owned()));
        ProcessConfig::new().unwrap();
        WasmModule::new(b"\0asm\x01\0\0\0").unwrap();
        lunatic::sleep(ms(1));
    });
    println!("child: {}", mailbox.receive().unwrap_message());

    println!("-- arguments and variables");
    let mut config = ProcessConfig::new().unwrap();
    config.add_command_line_argument("child");
    config.add_command_line_argument("--quiet");
    config.add_environment_variable("GUEST_ONLY_CHILD", "yes");
    spawn_link!(&config, |this| {
        let arguments: Vec<String> = std::env::args().collect();
        this.send(format!("arguments {arguments:?}"));
        let variables: Vec<(String, String)> = std::env::vars().collect();
        this.send(format!("variables {variables:?}"));
    });
    println!("child: {}", mailbox.receive().unwrap_message());
    println!("child: {}", mailbox.receive().unwrap_message());
    check("not in the parent", std::env::var("GUEST_ONLY_CHILD").is_err());
}

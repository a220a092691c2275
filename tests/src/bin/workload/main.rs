//! A load that a container can carry: one static program that listens, burns CPU, holds memory and moves bytes,
//! each bounded in time and in count.
//!
//! The tests run one subcommand a container and compare what it did with what the agent counted; `serve` does
//! the same on request, for a look at the agent with `cargo xtask demo`.

mod args;
mod cgroups;
mod load;
mod pass;
mod ping_pong;
mod pulse;
mod serve;
mod tcp;
mod udp;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use args::Args;

const USAGE: &str = "usage: workload COMMAND [--NAME VALUE]...
  serve                                          HTTP on $PORT (3000): /, /cpu, /memory, /send
  spin     --threads N --seconds S               busy threads
  sleep    --seconds S
  pulse    --to A:P --seconds S                  half a percent of a CPU and ten datagrams a second
  ping-pong --seconds S                          two threads that wake each other, prints how often
  tcp-sink --port P [--on ADDRESS] [--seconds S] reads and discards, prints the bytes of each connection
  tcp-sink --given-at PATH [--seconds S]         the same, on a listener that `listen` gives
  listen   --port P --give-to PATH --seconds S   gives its listener away and sleeps
  tcp-send --to A:P --bytes N [--rate BYTES_PER_S] [--then-ms MS]
  connect  --to A:P --count N                    opens and closes connections, one after the other
  loopback --bytes N [--rate BYTES_PER_S]        TCP to itself over 127.0.0.1
  udp-sink --port P [--on ADDRESS] [--seconds S]
  udp-send --to A:P --count N --size BYTES [--segment BYTES] [--rate PACKETS_PER_S]
  cgroups  --below DIR --count N --to A:P [--then stay]
                                                 makes, joins and removes cgroups, sends a datagram in each
  get      --to A:P [--path /]                   one HTTP request, prints the body";

fn main() -> ExitCode {
    if let Err(error) = exit_on_signals() {
        eprintln!("workload: cannot handle signals: {error}");
        return ExitCode::FAILURE;
    }
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    match Args::parse(words).and_then(|args| run(&command, &args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("workload {command}: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, args: &Args) -> Result<(), String> {
    match command {
        "serve" => serve::serve(args),
        "spin" => load::spin(args.number("threads")?, args.seconds("seconds")?),
        "sleep" => {
            std::thread::sleep(args.seconds("seconds")?);
            Ok(())
        }
        "pulse" => pulse::pulse(args.address("to")?, args.seconds("seconds")?),
        "ping-pong" => ping_pong::ping_pong(args.seconds("seconds")?),
        "tcp-sink" => {
            let listener = match args.text("given-at") {
                Some(path) => pass::take(path)?,
                None => tcp::listen(args.listening_address()?, args.port("port")?)?,
            };
            tcp::sink(listener, args.seconds_or_longest("seconds")?);
            Ok(())
        }
        "listen" => {
            let listener = tcp::listen(args.listening_address()?, args.port("port")?)?;
            pass::give(&listener, args.text("give-to").ok_or("give-to is missing")?)?;
            std::thread::sleep(args.seconds("seconds")?);
            Ok(())
        }
        "tcp-send" => {
            tcp::send(args.address("to")?, args.number("bytes")?, args.rate("rate")?)?;
            let then_ms = args.text("then-ms").map(|_| args.number("then-ms")).transpose()?;
            std::thread::sleep(Duration::from_millis(then_ms.unwrap_or(0).min(60_000)));
            Ok(())
        }
        "connect" => tcp::connect_and_close(args.address("to")?, args.number("count")?),
        "loopback" => tcp::loopback(args.number("bytes")?, args.rate("rate")?),
        "udp-sink" => udp::sink(
            args.listening_address()?,
            args.port("port")?,
            args.seconds_or_longest("seconds")?,
        ),
        "udp-send" => udp::send(&udp::Datagrams {
            to: args.address("to")?,
            count: args.number("count")?,
            size: args.number("size")?,
            segment: args.text("segment").map(|_| args.port("segment")).transpose()?,
            per_second: args.rate("rate")?,
        }),
        "cgroups" => {
            let below = Path::new(args.text("below").ok_or("below is missing")?);
            let stay = args.text("then") == Some("stay");
            cgroups::come_and_go(below, args.number("count")?, args.address("to")?, stay)
        }
        "get" => serve::get(args.address("to")?, args.text("path").unwrap_or("/")),
        _ => Err(format!("no such command\n{USAGE}")),
    }
}

/// PID 1 of a container ignores every signal that it has no handler for, and would be killed only after
/// Docker's grace time.
fn exit_on_signals() -> std::io::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register_conditional_shutdown(signal, 0, Arc::clone(&always))?;
    }
    Ok(())
}

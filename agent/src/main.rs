//! `balancer-agent`: reads the command line, starts the agent, turns its end into an exit code.
//!
//! Exit codes: 0 stopped by a signal, help or version; 64 a value of the configuration is bad or cannot be had on
//! this machine, said in one line that names the flag; 1 anything else. Those of the other orders are in their help.

use std::{env, num::NonZero, path::Path, process::ExitCode, thread, time::Duration};

use balancer_agent::{
    ask,
    cli::{self, Asked, Order},
    client,
    config::{self, Config},
    doctor,
    kernel::selftest,
    run::Parts,
    telemetry, top,
};

/// How long threads of the runtime may take to end.
const RUNTIME_END: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == selftest::PROBE_ARGUMENT) {
        return self_test_probe(arguments.next());
    }
    match cli::parse(env::args_os(), |name| env::var_os(name)) {
        Ok(Order::Serve(config)) => serve(*config),
        Ok(Order::Doctor { config, json }) => {
            doctor::run(&config, json).unwrap_or_else(|error| cli::Exit::unwell(error).print())
        }
        Ok(Order::Healthcheck { config, ready }) => health_check(&config, ready),
        Ok(Order::Ask(Asked::Errand(access, errand))) => client::run(&access, &errand),
        Ok(Order::Ask(Asked::Top(access, watch))) => top::run(&access, watch),
        Err(exit) => exit.print(),
    }
}

fn serve(config: Config) -> ExitCode {
    if let Err(error) = config::check(&config) {
        return cli::Exit::usage(error).print();
    }
    telemetry::start(&config.log);
    let parts = match Parts::make(config) {
        Ok(parts) => parts,
        Err(error) if error.is_usage() => return cli::Exit::usage(error).print(),
        Err(error) => return failed(&error),
    };
    parts.confine();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let ended = runtime.block_on(parts.run());
    // All that was to be finished is: what still waits for a name to be resolved, say, does so for nobody.
    runtime.shutdown_timeout(RUNTIME_END);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Silent where all is well; else one line, which `docker inspect` shows with the state of health.
fn health_check(config: &Config, ready: bool) -> ExitCode {
    let path = if ready { "/readyz" } else { "/livez" };
    let answer = config
        .listen
        .first()
        .map(|address| ask::get(address, config.tls.as_ref(), path));
    let said = match answer {
        Some(Ok(answer)) if answer.status == 200 => return ExitCode::SUCCESS,
        Some(Ok(answer)) => format!("{path}: {} {}", answer.status, answer.body),
        Some(Err(error)) => error.to_string(),
        None => "there is no address to ask at".to_owned(),
    };
    cli::Exit::unwell(said).print()
}

/// One for two CPUs, so that whoever asks on a small machine has one as well: with as many threads as CPUs, askers and
/// threads wait for each other a slice of the scheduler's at a time (3 ms). Bounded whatever the machine has: one
/// answers some 60,000 requests a second, and each keeps memory.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    const MOST_WORKERS: usize = 4;
    let cpus = thread::available_parallelism().map_or(1, NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cpus.div_ceil(2).min(MOST_WORKERS))
        .enable_all()
        .build()
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    tracing::error!("{error}");
    ExitCode::FAILURE
}

/// The agent starts itself so, in a cgroup of its own, to see that the kernel programs count.
fn self_test_probe(cgroup: Option<std::ffi::OsString>) -> ExitCode {
    match cgroup.map(|cgroup| selftest::probe(Path::new(&cgroup))) {
        Some(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

//! The `soundpost` program: reads the command line, hands over to a command, turns its answer into an exit code.
//!
//! What belongs here: composition. Sound is made in `audio`; nouns live in `model`.

mod cli;
mod commands;
mod failure;
mod heap;
mod house;
mod metrics;
mod progress;
mod settings;
mod stop;
mod telemetry;
mod world;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    heap::give_back();
    keep_decoders_quiet();
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Produce(arguments) => commands::produce::run(&arguments),
        Command::Narrate(arguments) => commands::narrate::run(&arguments),
        Command::Voices(asked) => commands::voices::run(&asked),
        Command::Measure(arguments) => commands::measure::run(&arguments),
        Command::Serve(arguments) => commands::serve::serve(&arguments),
        Command::Worker(arguments) => commands::serve::worker(&arguments),
        Command::Migrate(arguments) => commands::migrate::run(&arguments),
        Command::Doctor(arguments) => commands::doctor::run(&arguments),
        Command::Backup(arguments) => commands::backup::backup(&arguments),
        Command::Restore(arguments) => commands::backup::restore(&arguments),
        Command::Admin(admin) => commands::admin::run(admin),
        Command::Config { toml } => commands::describe::config(toml),
        Command::Openapi { api } => commands::describe::openapi(api),
        Command::Graphql => commands::describe::graphql(),
        Command::Completions { shell } => commands::describe::completions(shell),
        Command::Man => commands::describe::man(),
        Command::Reference => commands::describe::reference(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// A decoder of others that stumbles over damaged bytes is caught and counts as damage (`audio::decode`); what it says on
/// the way is of no use to whoever gave us the file.
fn keep_decoders_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|location| location.file().contains("symphonia")) {
            usual(panic);
        }
    }));
}

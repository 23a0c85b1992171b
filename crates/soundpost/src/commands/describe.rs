//! The program about itself: completions, manual page, reference page.

use clap::CommandFactory;

use super::output::{print, unwritable};
use crate::cli::{Api, Cli};
use crate::failure::Failure;
use crate::settings;

/// Prints a completion script.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "soundpost", &mut script);
    print(&script)
}

/// Prints every setting: the reference page of the book, or a file to begin with.
pub(crate) fn config(toml: bool) -> Result<(), Failure> {
    print(if toml { settings::template() } else { settings::reference() }.as_bytes())
}

/// Prints the OpenAPI document of an API.
pub(crate) fn openapi(api: Api) -> Result<(), Failure> {
    let document = match api {
        Api::Productions => web::openapi(),
        Api::Narration => web::openapi_of_narration(),
    };
    print(format!("{document}\n").as_bytes())
}

/// Prints the schema of the portal's API.
pub(crate) fn graphql() -> Result<(), Failure> {
    print(web::graphql_schema().as_bytes())
}

/// Prints the manual page in roff, all commands on one page.
pub(crate) fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    let render = |command: &clap::Command, page: &mut Vec<u8>| clap_mangen::Man::new(command.clone()).render(page);
    render(&command, &mut page).map_err(|error| unwritable(&error))?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        render(sub, &mut page).map_err(|error| unwritable(&error))?;
    }
    print(&page)
}

/// Prints the reference page of the book, Markdown.
pub(crate) fn reference() -> Result<(), Failure> {
    let mut page = String::from(
        "# Command line\n\n<!-- Made by `make generate` from crates/soundpost/src/cli.rs. Do not edit. -->\n\n",
    );
    let mut command = Cli::command().term_width(100);
    command.build();
    let subcommands = command.clone();
    let visible = subcommands.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    for mut each in std::iter::once(command).chain(visible.cloned()) {
        let help = each.render_long_help().to_string();
        let name = each.get_bin_name().unwrap_or("soundpost").to_owned();
        let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
        let section = format!("## `{name}`\n\n```text\n{}\n```\n\n", lines.join("\n"));
        page.push_str(&section);
    }
    print(format!("{}\n", page.trim_end()).as_bytes())
}

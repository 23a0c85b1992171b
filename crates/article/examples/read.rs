//! Reads a saved page and prints the article that it holds, or why there is none: `cargo run -p article --example read -- page.html`.

#![expect(clippy::print_stdout, reason = "it is run by hand, and prints what it was asked for")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        println!("Name a file that holds a page.");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            println!("The file cannot be read: {error}.");
            return ExitCode::from(2);
        }
    };
    match article::read(&bytes, None, "https://page.example/") {
        Ok(article) => {
            println!("{:#?}", article.about);
            for block in article.blocks {
                println!("{block:?}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            for (label, value) in error.details() {
                println!("{label}: {value}");
            }
            ExitCode::FAILURE
        }
    }
}

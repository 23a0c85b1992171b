//! The program about itself.

use crate::soundpost;

fn printed(arguments: &[&str]) -> String {
    let result = soundpost().args(arguments).assert().success();
    String::from_utf8_lossy(&result.get_output().stdout).into_owned()
}

#[test]
fn help_man_page_and_completions_name_the_commands() {
    for arguments in [&["--help"][..], &["man"], &["completions", "bash"], &["reference"]] {
        let text = printed(arguments);
        for word in ["produce", "measure"] {
            assert!(text.contains(word), "{arguments:?} does not name {word}");
        }
    }
}

#[test]
fn help_of_produce_names_every_format_and_preset() {
    let text = printed(&["produce", "--help"]);
    for codec in audio::encode::codecs() {
        assert!(text.contains(&format!("- {}:", codec.name)), "{} is missing", codec.name);
    }
    for preset in audio::produce::PRESETS {
        assert!(text.contains(preset.name), "{} is missing", preset.name);
    }
}

#[test]
fn no_arguments_is_wrong_use() {
    soundpost().assert().code(2);
}

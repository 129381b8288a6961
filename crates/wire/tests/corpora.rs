//! Replays what the fuzzer has found worth keeping: `fuzz/corpus`, one folder for each target.

#![allow(clippy::expect_used, reason = "these are tests")]

#[path = "support/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn nothing_that_was_found_panics_any_more() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::ALL {
        let files = fs::read_dir(root.join(name)).expect("there is a corpus for each target");
        let files: Vec<_> = files
            .map(|file| file.expect("it can be read").path())
            .collect();
        assert!(!files.is_empty(), "the corpus of {name} is empty");
        for file in files {
            let bytes = fs::read(&file).expect("it can be read");
            println!("{}", file.display());
            target(&bytes);
            // And cut off anywhere.
            for end in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
                target(&bytes[..end]);
            }
        }
    }
}

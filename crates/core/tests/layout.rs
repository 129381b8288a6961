//! The layout that TypeScript has is the one of this crate.

use std::path::Path;

use tergo_core::layout;

#[test]
#[cfg_attr(miri, ignore = "reads a file")]
fn the_generated_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ts/native/layout.ts");
    let text = std::fs::read_to_string(&path).expect("ts/native/layout.ts can be read");
    let command = "cargo run -p tergo-core --example layout > ts/native/layout.ts";
    assert!(text == layout::typescript(), "generate it anew: {command}");
}

#[test]
fn the_areas_follow_each_other_and_fill_the_block() {
    assert_eq!(layout::PORT_AT, layout::HEADER_WORDS);
    assert_eq!(layout::PORT_MARKS_AT, layout::PORT_AT + layout::MAX_SEATS);
    assert_eq!(
        layout::GRANT_AT,
        layout::PORT_MARKS_AT + layout::MAX_SEATS / 32
    );
    assert_eq!(layout::OUT_AT, layout::GRANT_AT + 2 * layout::GRANT_MAX);
    assert_eq!(layout::IN_AT, layout::OUT_AT + layout::OUT_WORDS);
    assert_eq!(layout::TOTAL_WORDS, layout::IN_AT + layout::IN_WORDS);
    assert_eq!(layout::OUT_WORDS % layout::COMMAND_WORDS, 0);
}

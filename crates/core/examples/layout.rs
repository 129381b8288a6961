//! Prints `ts/native/layout.ts`: `cargo run -p tergo-core --example layout > ts/native/layout.ts`.

use tergo_core::layout;

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() {
    print!("{}", layout::typescript());
}

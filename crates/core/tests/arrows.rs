//! Which crate may depend on which: core on none of ours, wire on core, net on both, addon on core and net.

#![allow(clippy::expect_used, reason = "this is a test")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each crate with what it may depend on; a crate that is missing here fails the test.
const ALLOWED: [(&str, &[&str]); 4] = [
    ("tergo-core", &[]),
    ("tergo-wire", &["tergo-core"]),
    ("tergo-net", &["tergo-core", "tergo-wire"]),
    ("tergo-addon", &["tergo-core", "tergo-net"]),
];

fn metadata() -> Value {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version=1",
            "--manifest-path",
        ])
        .arg(manifest)
        .output()
        .expect("cargo runs");
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    let names = list.iter().map(|item| item["name"].as_str());
    names.map(|name| name.expect("a name")).collect()
}

#[test]
#[cfg_attr(miri, ignore = "runs cargo")]
fn crates_depend_only_on_those_below_them() {
    let metadata = metadata();
    let ours = names(&metadata["packages"]);
    for package in metadata["packages"].as_array().expect("a list") {
        let name = package["name"].as_str().expect("a name");
        let allowed = ALLOWED.iter().find(|(crate_name, _)| *crate_name == name);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{name} has no place in the layers"));
        for dependency in names(&package["dependencies"]) {
            let is_ours = ours.contains(&dependency);
            assert!(
                !is_ours || allowed.contains(&dependency),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "runs cargo")]
fn core_knows_nothing_of_the_outside() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("a list");
    let core = packages
        .iter()
        .find(|package| package["name"] == "tergo-core");
    let dependencies = core.expect("there is a core")["dependencies"].as_array();
    let normal = dependencies.expect("a list").iter();
    // loom stands in for the atomics of std in its own tests, and is in no other build.
    let normal = normal
        .filter(|dependency| dependency["kind"].is_null() && dependency["target"] != "cfg(loom)");
    let names: Vec<_> = normal
        .map(|dependency| dependency["name"].clone())
        .collect();
    assert_eq!(names, ["rustc-hash"]);
}

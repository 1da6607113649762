//! The architecture as a test: floors, sizes, forbidden words, no stray file.
//!
//! Each rule reads the code as text with comments, literals and test items blanked, and is itself tried on bad code. The rejected
//! alternative, a parser of Rust, would see no more for these rules and cost every build seconds.

mod code;
mod floors;
mod shape;
mod tree;
mod words;

use std::path::Path;

use tree::Tree;

/// One breach of a rule, with its place.
pub type Breach = String;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn none(breaches: Vec<Breach>) {
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn a_module_imports_only_what_is_declared_above_it() {
    let tree = Tree::read(&repository().join("src/lib.rs"));
    let floors = tree.top_modules();
    assert!(floors.len() > 10, "lib.rs is not understood: {floors:?}");
    none(tree.files.iter().filter(|file| !file.test).flat_map(|file| floors::breaches(file, &floors)).collect());
}

#[test]
fn what_is_forbidden_is_nowhere() {
    let library = Tree::read(&repository().join("src/lib.rs"));
    let binary = Tree::read(&repository().join("src/main.rs"));
    let files = library.files.iter().chain(&binary.files);
    none(files.filter(|file| !file.test).flat_map(words::breaches).collect());
}

#[test]
fn nothing_is_left_to_do() {
    let files = shape::files_below(repository(), &["src", "tests", "benches", "docker", ".ci"]);
    assert!(files.len() > 50, "the repository is not found");
    none(files.iter().flat_map(|path| words::unfinished(path)).collect());
}

#[test]
fn files_are_small() {
    none(shape::sizes(&shape::rust_files(repository())));
}

#[test]
fn every_file_is_declared() {
    let declared = ["src/lib.rs", "src/main.rs", "tests/it/main.rs"].map(|root| Tree::read(&repository().join(root)));
    let found: Vec<_> = shape::files_below(repository(), &["src", "tests/it"]);
    none(shape::undeclared(&found, &declared));
}

#[test]
fn the_repository_holds_what_it_should() {
    none(shape::strangers(repository()));
}

//! The shape of the repository: sizes of files, what lies where.

use std::path::{Path, PathBuf};

use super::{Breach, tree::Tree};

/// A file longer than this is two.
const LONGEST: usize = 600;
/// Half of the files are at most this long.
const MEDIAN: usize = 200;
/// Everything that may lie at the top.
const TOP: [&str; 14] = [
    ".ci",
    ".clippy.toml",
    ".dockerignore",
    ".gitattributes",
    ".gitignore",
    ".rustfmt.toml",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "docker",
    "src",
    "tests",
];
/// What tools leave there.
const LEFT: [&str; 2] = [".git", "target"];

/// Folders of what is built and found, anywhere.
const GENERATED: [&str; 3] = ["target", "corpus", "artifacts"];

/// All files below these folders of the repository, without what is generated.
pub fn files_below(repository: &Path, folders: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| repository.join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true if GENERATED.iter().any(|name| path.ends_with(name)) => {}
                true => open.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

/// All Rust files.
pub fn rust_files(repository: &Path) -> Vec<(PathBuf, usize)> {
    let rust = files_below(repository, &["src", "tests", "benches"]).into_iter().filter(|path| is_rust(path));
    let lines = |path: &PathBuf| std::fs::read_to_string(path).map_or(0, |text| text.lines().count());
    rust.map(|path| (path.clone(), lines(&path))).collect()
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Files that are too long, and whether all of them are.
pub fn sizes(files: &[(PathBuf, usize)]) -> Vec<Breach> {
    let long = files.iter().filter(|(_, lines)| *lines > LONGEST);
    let mut breaches: Vec<Breach> =
        long.map(|(path, lines)| format!("{}: {lines} lines, at most {LONGEST}", path.display())).collect();
    let mut lengths: Vec<usize> = files.iter().map(|(_, lines)| *lines).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    if median > MEDIAN {
        breaches.push(format!("the median file has {median} lines, at most {MEDIAN}"));
    }
    breaches
}

/// Rust files that no `mod` declares: they are neither compiled nor tried.
pub fn undeclared(found: &[PathBuf], declared: &[Tree]) -> Vec<Breach> {
    let is_declared = |path: &PathBuf| declared.iter().flat_map(|tree| &tree.files).any(|file| file.path == *path);
    let forgotten = found.iter().filter(|path| is_rust(path) && !is_declared(path));
    forgotten.map(|path| format!("{}: no `mod` declares it", path.display())).collect()
}

/// Entries at the top that do not belong there.
pub fn strangers(repository: &Path) -> Vec<Breach> {
    let entries = std::fs::read_dir(repository).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| !TOP.contains(&name.as_str()) && !LEFT.contains(&name.as_str()))
        .map(|name| format!("{name}: does not belong at the top of the repository"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_a_long_median_are_told() {
        let files = |lengths: &[usize]| lengths.iter().map(|&n| (format!("{n}.rs").into(), n)).collect::<Vec<_>>();
        assert_eq!(sizes(&files(&[10, 601, 20])), ["601.rs: 601 lines, at most 600"]);
        assert_eq!(sizes(&files(&[201, 300, 10])), ["the median file has 201 lines, at most 200"]);
        assert!(sizes(&files(&[200, 600, 10])).is_empty());
    }

    #[test]
    fn strangers_and_forgotten_files_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        for (name, text) in [("Cargo.toml", ""), ("notes.txt", ""), ("lib.rs", "mod a;"), ("a.rs", ""), ("b.rs", "")] {
            write(name, text);
        }
        let told = strangers(folder.path());
        assert!(
            told.iter().any(|told| told.starts_with("notes.txt")) && !told.iter().any(|told| told.starts_with("Cargo"))
        );
        let tree = Tree::read(&folder.path().join("lib.rs"));
        let forgotten = undeclared(&files_below(folder.path(), &["."]), &[tree]);
        assert_eq!(forgotten.len(), 1, "{forgotten:?}");
        assert!(forgotten[0].contains("b.rs: no `mod` declares it"));
    }
}

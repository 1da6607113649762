//! The files of a crate, as its `mod` declarations tell them.

use std::path::{Path, PathBuf};

use super::code::{code, line, places};

/// One source file.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Its module path within the crate; empty for the root.
    pub module: Vec<String>,
    /// Whether it is compiled for tests only.
    pub test: bool,
    /// Its code; test items of a file that is not for tests only are blanked.
    pub code: String,
}

impl File {
    /// A file that is not on disk, to try rules on.
    #[cfg(test)]
    pub fn example(module: &[&str], source: &str) -> Self {
        let module = module.iter().map(ToString::to_string).collect();
        File { path: "src/example.rs".into(), module, test: false, code: code(source, false) }
    }

    /// `file:line` of a place in the code.
    pub fn place(&self, at: usize) -> String {
        format!(
            "{}:{}",
            self.path.strip_prefix(super::repository()).unwrap_or(&self.path).display(),
            line(&self.code, at)
        )
    }
}

/// A crate's files, each after the one that declares it.
pub struct Tree {
    /// The files.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the crate with this root.
    pub fn read(root: &Path) -> Self {
        let mut tree = Tree { files: Vec::new() };
        tree.take(root.to_owned(), Vec::new(), false);
        tree
    }

    fn take(&mut self, path: PathBuf, module: Vec<String>, test: bool) {
        let source = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for child in children(&code(&source, true), &source) {
            let module = [module.as_slice(), std::slice::from_ref(&child.name)].concat();
            self.take(child.file(&path), module, test || child.test);
        }
        self.files.push(File { path, module, test, code: code(&source, test) });
    }

    /// The modules that the root declares, in its order.
    pub fn top_modules(&self) -> Vec<String> {
        let root = self.files.last().map_or("", |root| &root.code);
        children(root, root).into_iter().map(|child| child.name).collect()
    }
}

struct Child {
    name: String,
    /// The value of its `#[path]`.
    path: Option<String>,
    test: bool,
}

impl Child {
    fn file(&self, parent: &Path) -> PathBuf {
        let folder = parent.parent().unwrap_or(parent);
        if let Some(path) = &self.path {
            return folder.join(path);
        }
        let root = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| parent.ends_with(name));
        let folder = if root { folder.to_owned() } else { parent.with_extension("") };
        let flat = folder.join(format!("{}.rs", self.name));
        if flat.exists() { flat } else { folder.join(&self.name).join("mod.rs") }
    }
}

/// The `mod name;` declarations with their attributes. `code` has blanks for the literals of `source`.
fn children(code: &str, source: &str) -> Vec<Child> {
    let declared = places(code, "mod").filter_map(|at| {
        let (name, _) = code[at + 3..].split_once(';')?;
        let name = name.trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        // Attributes stand between the item before and this one.
        let start = code[..at].rfind([';', '}', '{']).map_or(0, |end| end + 1);
        let attributes = &source[start..at];
        let path = attributes.split_once("#[path = \"").and_then(|(_, rest)| rest.split_once('"'));
        is_name.then(|| Child {
            name: name.to_owned(),
            path: path.map(|(path, _)| path.to_owned()),
            test: code[start..at].contains("#[cfg(test)]"),
        })
    });
    declared.collect()
}

#[test]
fn declarations_are_read_with_their_attributes() {
    let source =
        "mod a;\npub(crate) mod b;\n// mod no;\nmod inline { }\n#[cfg(test)]\n#[path = \"c_tests.rs\"]\nmod c;\n";
    let told: Vec<_> = children(&code(source, true), source)
        .into_iter()
        .map(|child| format!("{} {:?} {}", child.name, child.path, child.test))
        .collect();
    assert_eq!(told, ["a None false", "b None false", "c Some(\"c_tests.rs\") true"]);
}

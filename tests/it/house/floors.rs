//! A module imports only what `lib.rs` declares above it, and nobody but `cli` the lab.

use super::{Breach, code::places, tree::File};

/// The imports of `file` that point upwards. `floors` are the top modules, the lowest first.
pub fn breaches(file: &File, floors: &[String]) -> Vec<Breach> {
    let rank = |name: &str| floors.iter().position(|floor| floor == name);
    let Some((own, own_rank)) = file.module.first().and_then(|own| Some((own, rank(own)?))) else { return Vec::new() };
    let wrong = |(at, name): (usize, String)| {
        let place = file.place(at);
        match rank(&name) {
            Some(other) if other > own_rank => Some(format!("{place}: `{own}` imports `{name}`, which is above it")),
            Some(_) if name == "lab" && !["lab", "cli"].contains(&own.as_str()) => {
                Some(format!("{place}: `{own}` imports `lab`; only `cli` may"))
            }
            _ => None,
        }
    };
    imports(file).into_iter().filter_map(wrong).collect()
}

/// Every top module that the file names, with the place.
fn imports(file: &File) -> Vec<(usize, String)> {
    let code = &file.code;
    let absolute = places(code, "crate::").map(|at| (at, at + "crate::".len()));
    let relative =
        chains(code).into_iter().filter(|&(_, ups, _)| ups >= file.module.len()).map(|(at, _, end)| (at, end));
    absolute
        .chain(relative)
        .flat_map(|(at, end)| firsts(&code[end..]).into_iter().map(move |name| (at, name)))
        .collect()
}

/// Chains of `super::`: where each begins, how long it is and where it ends.
fn chains(code: &str) -> Vec<(usize, usize, usize)> {
    let link = "super::";
    let starts = places(code, link).filter(|&at| !code[..at].ends_with("super::"));
    let chain = |at: usize| {
        let ups = code.as_bytes()[at..].chunks(link.len()).take_while(|chunk| *chunk == link.as_bytes()).count();
        (at, ups, at + ups * link.len())
    };
    starts.map(chain).collect()
}

/// The first names of a path or of a group of paths in braces.
fn firsts(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut depth = 0;
    let mut names = Vec::new();
    let mut start = true;
    for (at, c) in group.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                names.push(name(&group[at..]));
                start = false;
            }
            _ => {}
        }
    }
    names
}

fn name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(module: &[&str], source: &str) -> Vec<Breach> {
        let floors = ["error", "net", "imap", "lab", "cli", "late"].map(str::to_owned);
        breaches(&File::example(module, source), &floors)
    }

    #[test]
    fn an_upward_import_is_found_in_every_form() {
        for source in [
            "use crate::imap::Tag;",
            "use crate::{error::Result, imap::{Tag, Event}};",
            "use crate::{\n    error::{Error, Result},\n    imap,\n};",
            "fn f() { crate::imap::g() }",
            "use super::imap;",
        ] {
            let told = told(&["net"], source);
            assert_eq!(told.len(), 1, "{source}");
            assert!(told[0].contains("`net` imports `imap`, which is above it"), "{told:?}");
        }
        assert_eq!(told(&["net", "tls"], "use super::super::{error, imap};").len(), 1);
        assert_eq!(told(&["net"], "\n\nuse crate::imap;")[0].split(": ").next(), Some("src/example.rs:3"));
    }

    #[test]
    fn what_is_below_or_within_is_allowed() {
        for source in [
            "use crate::{error::Result, net::tls};",
            "use super::tls;",
            "// crate::imap\n#[cfg(test)]\nmod tests { use crate::imap; }",
            "const A: &str = \"crate::imap\";",
            "use other_crate::imap;",
        ] {
            assert!(told(&["net", "dial"], source).is_empty(), "{source}");
        }
    }

    #[test]
    fn only_the_command_line_may_import_the_lab() {
        assert!(told(&["cli"], "use crate::lab;").is_empty());
        assert!(told(&["late"], "use crate::lab;")[0].contains("only `cli` may"));
    }
}

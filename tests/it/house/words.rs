//! Words that may not be in the code, and where each is allowed all the same.

use std::path::Path;

use super::{Breach, code::places, tree::File};

/// A forbidden word.
struct Word {
    words: &'static [&'static str],
    /// Modules that may have it.
    except: &'static [&'static str],
    why: &'static str,
}

const FORBIDDEN: [Word; 5] = [
    Word {
        words: &[
            "SystemTime::now",
            "Instant::now",
            "Utc::now",
            "Local::now",
            "tokio::time",
            "time::sleep",
            "time::timeout",
            "time::interval",
            "thread::sleep",
        ],
        except: &["clock"],
        why: "only `clock` asks the time or waits",
    },
    Word {
        words: &["println!", "eprintln!", "print!", "eprint!", "dbg!", "io::stdout", "io::stderr"],
        except: &["cli", ""],
        why: "only `cli` and the binary print",
    },
    Word { words: &[".unwrap()", ".expect(\""], except: &[], why: "a server or a user could trigger it" },
    Word { words: &["panic!", "todo!", "unimplemented!"], except: &[], why: "a panic is no answer" },
    Word { words: &["unsafe"], except: &[], why: "no unsafe code" },
];

/// What the file has and may not have.
pub fn breaches(file: &File) -> Vec<Breach> {
    let own = file.module.first().map_or("", String::as_str);
    let mut breaches = Vec::new();
    for rule in FORBIDDEN.iter().filter(|rule| !rule.except.contains(&own)) {
        for word in rule.words {
            let found = places(&file.code, word).map(|at| format!("{}: `{word}`: {}", file.place(at), rule.why));
            breaches.extend(found);
        }
    }
    breaches
}

/// Marks of unfinished work in a file of any kind, comments included.
pub fn unfinished(path: &Path) -> Vec<Breach> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    marks(&text).map(|(line, mark)| format!("{}:{line}: {mark}", path.display())).collect()
}

fn marks(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    // Put together here, so that this file has none.
    const MARKS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("#[ig", "nore")];
    text.lines().zip(1..).flat_map(|(line, number)| {
        MARKS.into_iter().filter(|mark| places(line, mark).next().is_some()).map(move |mark| (number, mark))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_where_it_is_forbidden() {
        for rule in &FORBIDDEN {
            for word in rule.words {
                let source = format!("fn f() {{\n    a{word} b\n}}")
                    .replace(&format!("a{}", word.trim_start_matches('.')), word);
                let told = breaches(&File::example(&["net"], &source));
                assert!(
                    told.iter().any(|told| told.contains("src/example.rs:2") && told.contains(word)),
                    "{word}: {told:?}"
                );
                for except in rule.except.iter().filter(|except| !except.is_empty()) {
                    let told = breaches(&File::example(&[except], &source));
                    assert!(!told.iter().any(|told| told.contains(rule.why)), "{word} in {except}");
                }
            }
        }
    }

    #[test]
    fn tests_comments_and_longer_names_are_not_meant() {
        let source = "// panic! unsafe\nfn f() { a.unwrap_or(1); self.expect(b); \"println!\"; }\n#[cfg(test)]\nmod t { fn g() { panic!() } }";
        assert_eq!(breaches(&File::example(&["net"], source)), [""; 0]);
    }

    #[test]
    fn unfinished_work_is_found_in_comments_too() {
        let text = format!("a\n// {}: b\n", concat!("TO", "DO"));
        assert_eq!(marks(&text).collect::<Vec<_>>(), [(2, concat!("TO", "DO"))]);
    }
}

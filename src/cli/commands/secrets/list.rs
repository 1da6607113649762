//! `mailhaul secrets list`: names and dates. It needs no key.

use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde_json::json;

use super::super::scope;
use crate::{cli::face::Face, clock, error::Result, project::outcome::Ending, vault::Held};

#[derive(Serialize)]
struct Line {
    name: String,
    /// Unix seconds.
    stored: i64,
}

pub(super) async fn run(face: &Face) -> Result<Ending> {
    let secrets = scope::secrets(face)?;
    let held: Vec<Held> = match secrets.sealer()? {
        Some(sealer) => sealer.list().await?,
        None => Vec::new(),
    };
    let lines: Vec<Line> =
        held.into_iter().map(|Held { name, stored }| Line { name: name.to_string(), stored }).collect();
    let vault = secrets.path().display().to_string();
    face.answer(&json!({ "vault": vault, "key": secrets.key_words(), "secrets": lines }), || table(&lines, &vault))?;
    Ok(Ending::Done)
}

fn table(lines: &[Line], vault: &str) -> String {
    if lines.is_empty() {
        return format!("Nothing is stored in {vault}.\n");
    }
    let wide = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0).max(4);
    let rows = lines.iter().map(|line| format!("{:wide$}  {}\n", line.name, when(line.stored)));
    format!("{:wide$}  STORED\n{}", "NAME", rows.collect::<String>())
}

fn when(unix: i64) -> String {
    clock::hh_mm(UNIX_EPOCH + Duration::from_secs(u64::try_from(unix).unwrap_or(0)))
}

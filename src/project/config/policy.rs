//! What a person decided about the mail: one draft for a policy's table and for the options of `copy`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    error::Result,
    project::{
        config::raw,
        place::Text,
        values::{Day, Pattern, Size, pattern_set},
    },
    transfer::{Deletions, Keywords, Labels, Options, Order, ScopeRules, VerifyLevel},
};

/// `oldest` or `newest`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OrderWord {
    #[default]
    Oldest,
    Newest,
}

/// `keep` or `mirror`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeletionsWord {
    #[default]
    Keep,
    Mirror,
}

/// `copy` or `skip`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeletedWord {
    #[default]
    Copy,
    Skip,
}

/// `folders` or `categories`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LabelsWord {
    #[default]
    Folders,
    Categories,
}

/// `keep` or `categories`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KeywordsWord {
    #[default]
    Keep,
    Categories,
}

/// A policy as it was written, by whichever face.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Only these folders; empty: all.
    pub folders: Vec<Pattern>,
    /// Not these.
    pub exclude: Vec<Pattern>,
    /// Source path → target path.
    pub map: Vec<(String, String)>,
    /// From this point on.
    pub since: Option<Day>,
    /// Up to this point.
    pub before: Option<Day>,
    /// Up to this size.
    pub max_size: Option<Size>,
    /// Which first.
    pub order: Order,
    /// What about deletions.
    pub deletions: Deletions,
    /// Whether messages flagged `\Deleted` stay behind.
    pub skip_deleted: bool,
    /// What about labels.
    pub labels: Labels,
    /// What about keywords that the target does not keep.
    pub keywords: Keywords,
    /// Most connections per side.
    pub connections: Option<usize>,
    /// Whether to leave verification out.
    pub no_verify: bool,
}

impl Draft {
    /// The engine's options.
    ///
    /// # Errors
    /// The key at fault and what is wrong with it.
    pub fn build(self) -> Result<Options, (&'static str, String)> {
        if let (Some(Day(since)), Some(Day(before))) = (self.since, self.before)
            && since >= before
        {
            return Err(("before", "it is not after `since`, so that no message would be in scope".to_owned()));
        }
        if self.connections == Some(0) {
            return Err(("connections", "write how many connections per side, 1 or more".to_owned()));
        }
        let include = match self.folders.as_slice() {
            [] => None,
            folders => Some(pattern_set(folders).map_err(|what| ("folders", what))?),
        };
        let scope = ScopeRules {
            include,
            exclude: pattern_set(&self.exclude).map_err(|what| ("exclude", what))?,
            since: self.since.map(|Day(unix)| unix),
            before: self.before.map(|Day(unix)| unix),
            max_size: self.max_size.map(|Size(bytes)| bytes),
            skip_deleted: self.skip_deleted,
        };
        Ok(Options {
            scope,
            map: self.map,
            order: self.order,
            deletions: self.deletions,
            labels: self.labels,
            keywords: self.keywords,
            verify: if self.no_verify { VerifyLevel::None } else { VerifyLevel::Sample },
            connections: self.connections,
            ..Options::default()
        })
    }
}

impl From<&raw::Policy> for Draft {
    fn from(raw: &raw::Policy) -> Self {
        Draft {
            folders: raw.folders.clone(),
            exclude: raw.exclude.clone(),
            map: raw.map.clone().into_iter().collect(),
            since: raw.since,
            before: raw.before,
            max_size: raw.max_size,
            order: match raw.order {
                OrderWord::Oldest => Order::Oldest,
                OrderWord::Newest => Order::Newest,
            },
            deletions: match raw.deletions {
                DeletionsWord::Keep => Deletions::Keep,
                DeletionsWord::Mirror => Deletions::Mirror { approved: false },
            },
            skip_deleted: matches!(raw.deleted, DeletedWord::Skip),
            labels: match raw.labels {
                LabelsWord::Folders => Labels::Folders,
                LabelsWord::Categories => Labels::Categories,
            },
            keywords: match raw.keywords {
                KeywordsWord::Keep => Keywords::Keep,
                KeywordsWord::Categories => Keywords::Categories,
            },
            connections: raw.connections,
            no_verify: raw.verify == Some(false),
        }
    }
}

/// Every policy of the file, built.
pub(super) fn resolve(file: &raw::File, place: Text<'_>) -> Result<BTreeMap<String, Options>> {
    let built = file.policy.iter().map(|(name, spanned)| {
        let draft = Draft::from(spanned.get_ref());
        let fault = |(key, what)| place.error(place.line_of(&spanned.span(), key), key, what);
        Ok((name.clone(), draft.build().map_err(fault)?))
    });
    built.collect()
}

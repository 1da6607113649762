//! Logs: of this program only. async-imap's trace log would hold LOGIN lines, and other libraries' words are not ours to
//! vouch for, so no other target can be switched on, by an option or by the environment.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use indicatif::MultiProgress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{
    args::{Global, LogFormat},
    errors,
};
use crate::error::Result;

/// Starts the logs that the options ask for. Bars and log lines share standard error without disturbing each other.
///
/// # Errors
/// The log file cannot be written.
pub(super) fn start(global: &Global, bars: &MultiProgress) -> Result<()> {
    let to_terminal = match global.verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let mut layers = vec![layer(global.log_format, to_terminal, BesideBars(bars.clone()))];
    if let Some(path) = &global.log_file {
        let level = to_terminal.max(LevelFilter::INFO);
        layers.push(layer(global.log_format, level, Arc::new(open(path)?)));
    }
    // A second start in one process (tests) keeps the first one's logs.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Ok(())
}

fn open(path: &Path) -> Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    file.map_err(|error| errors::machine(&format!("the log file {} cannot be written", path.display()), error))
}

fn layer<W>(format: LogFormat, level: LevelFilter, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ours = Targets::new().with_target("mailhaul", level);
    let layer = fmt::layer().with_ansi(false).with_writer(writer);
    match format {
        LogFormat::Text => layer.with_filter(ours).boxed(),
        LogFormat::Json => layer.json().with_filter(ours).boxed(),
    }
}

/// Standard error, with the bars out of the way while a line is written.
struct BesideBars(MultiProgress);

impl<'a> MakeWriter<'a> for BesideBars {
    type Writer = &'a BesideBars;
    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &BesideBars {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(line))
    }
    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

//! The command line of mailhaul. All of it is in [`mailhaul::cli`].

fn main() -> std::process::ExitCode {
    mailhaul::cli::main()
}

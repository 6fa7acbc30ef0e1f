//! The binary `mixture`.

fn main() -> std::process::ExitCode {
    mixture_cli::run()
}

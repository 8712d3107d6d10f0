//! `tuf-client`: the library for outside tools and test suites.

mod arguments;

use arguments::{Act, Arguments, Command};
use std::process::ExitCode;
use tuf_client::{Client, DirectoryStore, Error, HttpRepository, TargetRule, UtcTime, initialise};

fn main() -> ExitCode {
    let command = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("tuf-client: {error}; see 'tuf-client --help'");
            return ExitCode::FAILURE;
        }
    };
    let arguments = match command {
        Command::Help => {
            print!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Command::Act(arguments) => arguments,
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tuf-client: {error}; {}", error.remedy());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut store = DirectoryStore::new(&arguments.metadata_dir);
    match &arguments.act {
        Act::Init { trusted_root } => {
            let root = std::fs::read(trusted_root).map_err(|error| Error::Storage {
                act: format!("read {}", trusted_root.display()),
                error,
            })?;
            initialise(&mut store, &root)
        }
        Act::Refresh { metadata_url } => {
            let repository = HttpRepository::new(metadata_url, metadata_url);
            Client::new(store, repository, UtcTime::of_this_machine())?.refresh()
        }
        Act::Download {
            metadata_url,
            target_base_url,
            target_dir,
            target_names,
        } => {
            let repository = HttpRepository::new(metadata_url, target_base_url);
            let mut client = Client::new(store, repository, UtcTime::of_this_machine())?;
            client.refresh()?;
            for name in target_names {
                let target = client.target_info(name)?.ok_or_else(|| Error::Target {
                    name: name.clone(),
                    rule: TargetRule::NotFound,
                })?;
                client.download_into(&target, target_dir)?;
            }
            Ok(())
        }
    }
}

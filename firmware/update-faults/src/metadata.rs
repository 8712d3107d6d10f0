//! Bad servers of a store's metadata, against the real client over the real network: what it
//! trusted before stays, and the next honest refresh goes on from there.

mod repository;
mod scripts;

use anyhow::{Context, Result, bail, ensure};
use tuf_client::{Client, DirectoryStore, Error, HttpRepository, initialise};

use crate::account::{Account, Outcome};
use crate::server::Server;
use repository::{NOW, Repository};
use scripts::{Answer, MetadataScript, OFFERED, SCRIPTS, SEEN, give};

pub(crate) fn play_all(account: &mut Account, progress: &dyn Fn(&str)) -> Result<()> {
    for script in SCRIPTS {
        progress(script.name);
        let mut store = Repository::new(SEEN)?;
        store.files.extend(Repository::new(OFFERED)?.files);
        let honest = serve(store.clone(), give)?;
        (script.bend)(&mut store)?;
        let bad = serve(store, script.answer)?;
        account.http_scripts += 1;
        let outcome = match play(script, &bad, &honest) {
            Err(why) => Outcome::Stuck(why),
            Ok(()) if !bad.misbehaved() => Outcome::NotReached,
            Ok(()) => Outcome::Good,
        };
        account.note(script.name, outcome);
    }
    Ok(())
}

/// The timestamp is answered by `answer`, all else as it should be.
fn serve(store: Repository, answer: Answer) -> Result<Server> {
    Server::new(&[], move |exchange| {
        exchange.listen()?;
        let name = exchange.path.trim_start_matches('/').to_owned();
        exchange.misbehave();
        let bytes = store.files.get(&name).map(Vec::as_slice);
        match name == "timestamp.json" {
            true => answer(exchange, bytes),
            false => give(exchange, bytes),
        }
    })
}

fn play(script: &MetadataScript, bad: &Server, honest: &Server) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let seen = Repository::new(SEEN)?;
    initialise(
        &mut DirectoryStore::new(directory.path()),
        seen.first_root()?,
    )?;
    let before = serve(seen, give)?;
    let refresh = |server: &Server| -> Result<u64, Error> {
        let store = DirectoryStore::new(directory.path());
        let repository = HttpRepository::new(&server.base(), &server.base());
        let mut client = Client::new(store, repository, NOW)?;
        client.refresh()?;
        let targets = client.trusted().targets();
        Ok(targets.map_or(0, |targets| targets.version.get()))
    };
    ensure!(refresh(&before)? == SEEN, "an honest refresh leads nowhere");
    match refresh(bad) {
        Ok(version) => bail!("version {version} was believed"),
        Err(error) => ensure!(
            error.to_string().contains(script.words),
            "the reason is another one: {error}"
        ),
    }
    let next = refresh(honest).context("the next honest refresh fails")?;
    ensure!(
        next == OFFERED,
        "the next honest refresh leads to version {next}"
    );
    Ok(())
}

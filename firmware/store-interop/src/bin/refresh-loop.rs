//! Refreshes from a store with our client, again and again from its first root, and
//! downloads a target. Prints the processor time of one round in microseconds.

use anyhow::{Context, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;
use tuf_client::{Client, DirectoryStore, HttpRepository, UtcTime, initialise};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, root, name, rounds] = arguments.as_slice() else {
        bail!("usage: refresh-loop ADDRESS ROOT TARGET ROUNDS");
    };
    let root = std::fs::read(root).context("cannot read the root")?;
    let rounds: u64 = rounds.parse().context("how many rounds?")?;
    let begin = processor_micros()?;
    for _ in 0..rounds {
        round(address, &root, name)?;
    }
    println!("{}", (processor_micros()? - begin) / rounds.max(1));
    Ok(())
}

fn round(address: &str, root: &[u8], name: &str) -> Result<()> {
    let directory = TempDir::new()?;
    let mut store = DirectoryStore::new(directory.path());
    initialise(&mut store, root)?;
    let repository = HttpRepository::new(
        &format!("{address}/metadata"),
        &format!("{address}/targets"),
    );
    let mut client = Client::new(store, repository, UtcTime::of_this_machine())?;
    client.refresh()?;
    let target = client
        .target_info(name)?
        .context("there is no such target")?;
    client.download(&target, &mut std::io::sink())?;
    Ok(())
}

/// User and system time of this process.
fn processor_micros() -> Result<u64> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(u64::try_from(time.tv_sec)? * 1_000_000 + u64::try_from(time.tv_nsec)? / 1000)
}

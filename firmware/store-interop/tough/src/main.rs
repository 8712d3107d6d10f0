//! Refreshes from a store with tough, again and again from its first root, and downloads a
//! target. Prints the processor time of one round in microseconds.

use futures::StreamExt;
use std::error::Error;
use tough::{RepositoryLoader, TargetName};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, root, name, rounds] = arguments.as_slice() else {
        return Err("usage: tough-loop ADDRESS ROOT TARGET ROUNDS".into());
    };
    let root = std::fs::read(root)?;
    let rounds: u32 = rounds.parse()?;
    let begin = processor_micros();
    for _ in 0..rounds {
        let metadata = Url::parse(&format!("{address}/metadata/"))?;
        let targets = Url::parse(&format!("{address}/targets/"))?;
        let repository = RepositoryLoader::new(&root, metadata, targets).load().await?;
        let name = TargetName::new(name)?;
        let target = repository.read_target(&name).await?;
        let mut target = target.ok_or("there is no such target")?;
        while let Some(piece) = target.next().await {
            std::hint::black_box(piece?);
        }
    }
    println!("{}", (processor_micros() - begin) / u64::from(rounds));
    Ok(())
}

/// User and system time of this process.
fn processor_micros() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of our own.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

//! `boot-sim`: what `cargo xtask sim` runs. Reads flags and prints; the library simulates.

use anyhow::{Context, Result, bail};
use boot_sim::{Effort, Patience, Reproduction, Tally, simulate};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

struct Arguments {
    effort: Effort,
    patience: Patience,
    json: bool,
    what: Reproduction,
}

fn main() -> Result<ExitCode> {
    let arguments = parse(lexopt::Parser::from_env())?;
    let effort = arguments.effort;
    let begun = Instant::now();
    let mut sequences: BTreeMap<String, Tally> = BTreeMap::new();
    let patience = arguments.patience;
    let mut running = String::new();
    simulate(effort, patience, &arguments.what, |_, tally| {
        if running != tally.sequence {
            print_progress(&sequences, &running);
            running.clone_from(&tally.sequence);
        }
        let sum = sequences.entry(tally.sequence.clone()).or_default();
        sum.cuts += tally.cuts;
        sum.states += tally.states;
        sum.violations += tally.violations;
        sum.told.extend(tally.told.iter().cloned());
    });
    print_progress(&sequences, &running);
    if sequences.is_empty() {
        bail!("no sequence begins with {:?}", arguments.what.world);
    }
    let violations: u64 = sequences.values().map(|tally| tally.violations).sum();
    if arguments.json {
        print_json(&sequences);
    } else {
        print_table(&sequences, effort, begun.elapsed().as_secs());
    }
    Ok(ExitCode::from(u8::from(violations > 0)))
}

fn print_progress(sequences: &BTreeMap<String, Tally>, done: &str) {
    if let Some(Tally {
        states, violations, ..
    }) = sequences.get(done)
    {
        eprintln!("{done}: {states} states, {violations} violations");
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Arguments> {
    use lexopt::{Arg::Long, ValueExt};
    let mut arguments = Arguments {
        effort: Effort::EVERYDAY,
        patience: Patience::ToTheEnd,
        json: false,
        what: Reproduction::default(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("full") => arguments.effort = Effort::FULL,
            Long("quick") => arguments.effort = Effort::QUICK,
            Long("until-violation") => arguments.patience = Patience::FirstViolation,
            Long("json") => arguments.json = true,
            Long("sequence") => arguments.what.world = parser.value()?.string()?,
            Long("cut") => arguments.what.path = Some(parse_path(&parser.value()?.string()?)?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(arguments)
}

/// `12.5/3.1`: at moment 12 in way 5, then at moment 3 of the recovery in way 1.
fn parse_path(path: &str) -> Result<Vec<(usize, usize)>> {
    path.split('/')
        .map(|cut| {
            let (at, way) = cut.split_once('.')?;
            Some((at.parse().ok()?, way.parse().ok()?))
        })
        .collect::<Option<_>>()
        .with_context(|| format!("cannot read {path:?}: it should be like 12.5/3.1"))
}

fn print_table(sequences: &BTreeMap<String, Tally>, effort: Effort, secs: u64) {
    println!(
        "{:<22}{:>12}{:>12}{:>12}",
        "sequence", "cuts", "states", "violations"
    );
    for (name, tally) in sequences {
        let Tally {
            cuts,
            states,
            violations,
            ..
        } = tally;
        println!("{name:<22}{cuts:>12}{states:>12}{violations:>12}");
    }
    for violation in sequences.values().flat_map(|tally| &tally.told) {
        println!("\n{} in {}", violation.invariant, violation.world);
        for line in &violation.story {
            println!("  {line}");
        }
        let flags = format!("--sequence {} --cut {}", violation.world, violation.path);
        println!("  again: cargo xtask sim {flags}");
    }
    println!("\n{secs} s: {effort}");
    let (states, violations) = sums(sequences);
    println!("states={states} violations={violations}");
}

fn print_json(sequences: &BTreeMap<String, Tally>) {
    let (states, violations) = sums(sequences);
    let of_each: Vec<_> = sequences
        .iter()
        .map(|(name, tally)| {
            let told = tally.told.iter().map(|violation| {
                serde_json::json!({
                    "world": violation.world,
                    "cut": violation.path,
                    "story": violation.story,
                    "invariant": violation.invariant.to_string(),
                })
            });
            serde_json::json!({
                "sequence": name,
                "cuts": tally.cuts,
                "states": tally.states,
                "violations": tally.violations,
                "told": told.collect::<Vec<_>>(),
            })
        })
        .collect();
    let all = serde_json::json!({
        "states": states,
        "violations": violations,
        "sequences": of_each,
    });
    println!("{all}");
}

fn sums(sequences: &BTreeMap<String, Tally>) -> (u64, u64) {
    let sum = |of: fn(&Tally) -> u64| sequences.values().map(of).sum();
    (sum(|tally| tally.states), sum(|tally| tally.violations))
}

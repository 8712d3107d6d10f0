use super::*;
use anyhow::Result;

const TABLE: &str = "serial,hostname,site\nA1,gw-1,\"Ulm, north\"\nA2,gw-2,Kehl\n";

fn line_in(directory: &tempfile::TempDir) -> Result<Line> {
    let table = directory.path().join("devices.csv");
    std::fs::write(&table, TABLE)?;
    Ok(Line::open(&table)?)
}

fn claim<'a>(line: &'a Line, choice: &Choice, taken: Taken) -> Result<Claim<'a>, FlashError> {
    let guid = Guid::from_random_bytes([9; 16]);
    line.claim(choice, taken, guid, Path::new("/dev/sdz"))
}

fn row(key: &str) -> Choice {
    Choice::Row(key.to_owned())
}

fn line_error(result: Result<Claim<'_>, FlashError>) -> LineError {
    match result {
        Err(FlashError::Line(error)) => error,
        other => panic!("expected an error of the line, got {other:?}"),
    }
}

#[test]
fn every_disk_gets_the_next_row_and_none_gets_one_twice() -> Result<()> {
    let directory = tempfile::tempdir()?;
    for key in ["A1", "A2"] {
        let line = line_in(&directory)?;
        let next = claim(&line, &Choice::Next, Taken::Refuse)?;
        assert_eq!(next.key(), key);
        next.end(End::Done)?;
    }
    let line = line_in(&directory)?;
    let error = line_error(claim(&line, &Choice::Next, Taken::Refuse));
    assert_eq!(error, LineError::NothingLeft { begun: vec![] });
    let error = line_error(claim(&line, &row("A1"), Taken::Refuse));
    assert_eq!(error, LineError::Done("A1".to_owned()));
    assert_eq!(claim(&line, &row("A1"), Taken::FlashAgain)?.key(), "A1");
    Ok(())
}

#[test]
fn a_row_has_its_columns_by_name() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let line = line_in(&directory)?;
    let first = claim(&line, &row("A1"), Taken::Refuse)?;
    let site = first.columns().get("site").map(String::as_str);
    assert_eq!(site, Some("Ulm, north"));
    Ok(())
}

#[test]
fn a_row_that_was_cut_off_is_given_to_nobody_until_a_person_says_so() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let line = line_in(&directory)?;
    drop(claim(&line, &Choice::Next, Taken::Refuse)?);
    let other_station = line_in(&directory)?;
    let second = claim(&other_station, &Choice::Next, Taken::Refuse)?;
    assert_eq!(second.key(), "A2");
    second.end(End::Done)?;
    let error = line_error(claim(&line, &row("A1"), Taken::Refuse));
    assert_eq!(error, LineError::Begun("A1".to_owned()));
    let error = line_error(claim(&line, &Choice::Next, Taken::Refuse));
    let begun = vec!["A1".to_owned()];
    assert_eq!(error, LineError::NothingLeft { begun });
    Ok(())
}

#[test]
fn a_row_whose_disk_failed_is_free() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let line = line_in(&directory)?;
    claim(&line, &Choice::Next, Taken::Refuse)?.end(End::Failed)?;
    assert_eq!(claim(&line, &Choice::Next, Taken::Refuse)?.key(), "A1");
    Ok(())
}

/// The power fails while a line of the log is written.
#[test]
fn a_line_that_was_cut_off_counts_for_nothing_wherever_it_was_cut() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let line = line_in(&directory)?;
    claim(&line, &Choice::Next, Taken::Refuse)?.end(End::Done)?;
    let whole = std::fs::read_to_string(line.log())?;
    let end_of_first = whole.find('\n').expect("two lines") + 1;
    for cut in 0..=whole.len() {
        std::fs::write(line.log(), &whole[..cut])?;
        let expected = if cut < end_of_first { "A1" } else { "A2" };
        for key in [expected, "A2"] {
            if let Ok(next) = claim(&line, &Choice::Next, Taken::Refuse) {
                assert_eq!(next.key(), key, "cut at {cut}");
                next.end(End::Done)?;
            }
        }
        let error = line_error(claim(&line, &Choice::Next, Taken::Refuse));
        assert!(matches!(error, LineError::NothingLeft { .. }), "{error}");
    }
    Ok(())
}

#[test]
fn tables_that_would_name_two_devices_alike_are_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    for (text, expected) in [
        ("serial\nA\nA\n", "two rows are called \"A\""),
        ("serial,x\nA,\"b\nc\"\n", "more than one line"),
        ("serial,x\n,b\n", "has no key"),
        ("serial,x\nA\n", "cannot read the table"),
    ] {
        let table = directory.path().join("devices.csv");
        std::fs::write(&table, text)?;
        let error = Line::open(&table).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    }
    Ok(())
}

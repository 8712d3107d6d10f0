//! The parts of a dump, put together. Also compiled by the fuzz targets, so it takes what
//! it needs from its parent.

use super::end_of;
use image_format::{BootNumber, Event, flight::text};

/// What the kernel says first when it gives up.
const PANIC: &str = "Kernel panic - not syncing: ";
/// How PID 1 names the boot in the kernel's log.
pub(crate) const BOOT_MARK: &str = "twinkeel.boot=";

/// What a panic left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// The boot that panicked, if it is named among the words.
    pub(crate) boot: Option<BootNumber>,
    /// For the flight record.
    pub(crate) events: Vec<Event>,
}

/// Each part begins with a line `Panic#COUNT PartN`; the first part is the end of the log.
pub(crate) fn read_dump(parts: &[String]) -> Option<Words> {
    let mut numbered: Vec<_> = parts
        .iter()
        .filter_map(|part| {
            let (head, body) = part.split_once('\n')?;
            let (kind, number) = head.split_once(" Part")?;
            let number: u32 = number.trim().parse().ok()?;
            kind.starts_with("Panic#").then_some((number, body))
        })
        .collect();
    numbered.sort_by_key(|(number, _)| core::cmp::Reverse(*number));
    let log: String = numbered.into_iter().map(|(_, body)| body).collect();
    let lines: Vec<_> = log.lines().map(without_prefix).collect();
    let message = lines.iter().rev().find_map(|line| line.strip_prefix(PANIC));
    let boot = lines.iter().rev().find_map(|line| boot_named(line));
    let mut events = vec![Event::KernelPanicked {
        message: text(message?),
    }];
    // The lines behind the first words are registers and the like.
    let end = lines.iter().rposition(|line| line.starts_with(PANIC))?;
    let last = end_of(lines.get(..=end)?);
    events.extend(last.map(|lines| Event::LastLines { lines }));
    Some(Words { boot, events })
}

/// `<6>[    1.234567] text`, with either part absent.
fn without_prefix(line: &str) -> &str {
    let line = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((level, rest)) if level.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => line,
    };
    match line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((time, rest)) if time.bytes().all(|byte| b"0123456789. ".contains(&byte)) => rest,
        _ => line,
    }
}

fn boot_named(line: &str) -> Option<BootNumber> {
    let (_, rest) = line.split_once(BOOT_MARK)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().map(BootNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: u32, body: &str) -> String {
        format!("Panic#1 Part{number}\n{body}")
    }

    #[test]
    fn the_parts_of_a_dump_are_put_together() {
        let parts = [
            part(
                1,
                "<0>[    9.5] Kernel panic - not syncing: sysrq triggered crash\n<4>[    9.6] CPU: 0\n",
            ),
            part(
                2,
                "<15>[    8.1] twinkeel: twinkeel.boot=12 system-b\n<6>[    9.1] sysrq: Trigger a crash\n",
            ),
        ];
        let words = read_dump(&parts).unwrap();
        assert_eq!(words.boot, Some(BootNumber(12)));
        let message = text("sysrq triggered crash");
        let lines = text(
            "twinkeel: twinkeel.boot=12 system-b\nsysrq: Trigger a crash\n\
             Kernel panic - not syncing: sysrq triggered crash\n",
        );
        assert_eq!(
            words.events,
            [
                Event::KernelPanicked { message },
                Event::LastLines { lines }
            ]
        );
    }

    #[test]
    fn what_is_no_panic_is_left_out() {
        assert_eq!(read_dump(&[]), None);
        assert_eq!(read_dump(&["Oops#1 Part1\nBUG\n".to_owned()]), None);
        assert_eq!(read_dump(&["no head".to_owned()]), None);
        assert_eq!(read_dump(&[part(1, "nothing of use")]), None);
    }

    #[test]
    fn prefixes_are_taken_off_and_text_in_brackets_is_not() {
        assert_eq!(without_prefix("<6>[    1.25] a"), "a");
        assert_eq!(without_prefix("[    1.25] a"), "a");
        assert_eq!(without_prefix("[drm] a"), "[drm] a");
        assert_eq!(without_prefix("<a> b"), "<a> b");
    }
}

//! As much of the end as an event has room for. Also compiled by the fuzz targets.

use image_format::Lines;

/// The last of `lines`, whole, as far as there is room.
pub(crate) fn end_of(lines: &[&str]) -> Option<Lines> {
    let mut kept = Lines::new();
    let mut start = lines.len();
    let mut bytes = 0;
    while start > 0 {
        let line = lines.get(start - 1)?;
        bytes += line.len() + 1;
        if bytes > kept.capacity() {
            break;
        }
        start -= 1;
    }
    for line in lines.get(start..)? {
        kept.push_str(line).and_then(|()| kept.push('\n')).ok()?;
    }
    (!kept.is_empty()).then_some(kept)
}

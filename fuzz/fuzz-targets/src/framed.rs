//! Frames around what a target is given, so that the checksum is no obstacle.

use image_format::frame::{OVERHEAD_BYTES, encode_frame, encode_value};
use image_format::{Frame, Kind, parse_frame};
use serde::Serialize;

/// An intact frame with that payload.
pub(crate) fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; payload.len() + OVERHEAD_BYTES];
    let bytes = encode_frame(kind, payload, &mut out).expect("the buffer has its length");
    assert_eq!(bytes.len(), payload.len() + OVERHEAD_BYTES);
    out
}

/// The payload of the value's record.
pub(crate) fn payload<T: Serialize>(kind: Kind, value: &T) -> Vec<u8> {
    let mut out = [0; 4096];
    let bytes = encode_value(kind, value, &mut out).expect("records are shorter");
    parse(kind, bytes).payload.to_vec()
}

/// The frame that was just made: it must be intact, and nothing may lie behind it.
pub(crate) fn parse(kind: Kind, bytes: &[u8]) -> Frame<'_> {
    let (frame, behind) = parse_frame(kind, bytes).expect("the frame was just made");
    assert!(behind.is_empty());
    assert_eq!(frame.bytes, bytes);
    frame
}

//! Canonical JSON as OLPC wrote it down and TUF signs it: no white space, names in the
//! order of their code points, and only the quote and the backslash escaped. A string may
//! therefore hold a raw line break, so the canonical form is not always JSON.

use super::JsonError;
use serde_json::Value;

/// The bytes that a signature covers. Fails for a fraction, which `parse` lets nobody write.
pub fn canonical(value: &Value) -> Result<Vec<u8>, JsonError> {
    let mut bytes = Vec::new();
    write(value, &mut bytes)?;
    Ok(bytes)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(true) => out.extend(b"true"),
        Value::Bool(false) => out.extend(b"false"),
        Value::Number(number) if number.is_f64() => {
            return Err(JsonError(format!("{number} has no canonical form")));
        }
        Value::Number(number) => out.extend(number.to_string().bytes()),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            // UTF-8 sorts like the code points. serde_json may keep another order, if some
            // crate of the build asks it to.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                write(member, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

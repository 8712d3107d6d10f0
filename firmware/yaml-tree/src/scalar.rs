//! What a plain scalar is where a key takes any type: numbers and truth, as YAML 1.1 has them.

/// A scalar that no key gives a type to.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// None of these.
    Text,
}

/// What a plain scalar is.
#[must_use]
pub fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+', '.']);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Scalar::Text;
    }
    if let Some(integer) = integer(text) {
        return Scalar::Integer(integer);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Scalar::Float(number),
        _ => Scalar::Text,
    }
}

/// A whole number with or without a sign: 420, 0644, 0o644, 0x1a4, 0b110, 1_000.
#[must_use]
pub fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_scalar_has_the_type_that_people_mean() {
        for (text, scalar) in [
            ("~", Scalar::Null),
            ("yes", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("17", Scalar::Integer(17)),
            ("-0x10", Scalar::Integer(-16)),
            ("1.5", Scalar::Float(1.5)),
            ("1.2.3", Scalar::Text),
            ("nan", Scalar::Text),
            ("maybe", Scalar::Text),
        ] {
            assert_eq!(resolve(text), scalar, "{text}");
        }
    }

    #[test]
    fn a_mode_is_octal_in_both_ways_to_write_it() {
        assert_eq!(integer("0644"), Some(0o644));
        assert_eq!(integer("0o644"), Some(0o644));
        assert_eq!(integer("420"), Some(0o644));
        assert_eq!(integer("0899"), None);
        assert_eq!(integer("--4"), None);
        assert_eq!(integer("0x-4"), None);
    }
}

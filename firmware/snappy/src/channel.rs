//! The channel that this image was made for: the `Tag` of Snappy's tables.

/// Where the image builder writes it.
const PATH: &str = "/usr/lib/twinkeel/channel";
/// When the image does not say.
const DEFAULT: &str = "edge";

/// Reads the channel.
pub(crate) fn read_channel() -> String {
    let text = std::fs::read_to_string(PATH).unwrap_or_default();
    parse_channel(&text).unwrap_or(DEFAULT).to_owned()
}

/// The one word in `text`.
fn parse_channel(text: &str) -> Option<&str> {
    let word = text.trim_end();
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::parse_channel;

    #[test]
    fn a_channel_is_one_word() {
        let table = [
            ("stable\n", Some("stable")),
            ("edge", Some("edge")),
            ("", None),
            ("\n", None),
            ("two words\n", None),
            ("\u{1b}[2J", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_channel(text), expected, "{text:?}");
        }
    }
}

//! As much of Go as it takes to read a table of strings out of a test.

use anyhow::{Context, Result, bail};

/// A file of Go source, without its comments.
#[derive(Clone, Debug)]
pub struct GoSource(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

impl GoSource {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let behind = rest.get(first.len_utf8()..).unwrap_or_default();
            rest = match first {
                '/' if behind.starts_with('/') => behind.split_once('\n').map_or("", |two| two.1),
                '/' if behind.starts_with('*') => behind.split_once("*/").map_or("", |two| two.1),
                '`' => {
                    let (raw, behind) = behind.split_once('`').context("a string has no end")?;
                    tokens.push(Token::Text(raw.replace('\r', "")));
                    behind
                }
                '"' => {
                    let (text, behind) = quoted(behind)?;
                    tokens.push(Token::Text(text));
                    behind
                }
                '\'' => {
                    let skip = if behind.starts_with('\\') { 2 } else { 1 };
                    let end = behind.char_indices().skip(skip).find(|(_, c)| *c == '\'');
                    let (end, _) = end.context("a character has no end")?;
                    behind.get(end + 1..).unwrap_or_default()
                }
                c if c.is_alphanumeric() || c == '_' => {
                    let inside = |c: char| c.is_alphanumeric() || c == '_';
                    let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
                    let (word, behind) = rest.split_at(end);
                    tokens.push(Token::Word(word.to_owned()));
                    behind
                }
                c if c.is_whitespace() => behind,
                c => {
                    tokens.push(Token::Sign(c));
                    behind
                }
            };
        }
        Ok(GoSource(join(tokens)))
    }

    /// All strings in it.
    pub fn strings(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Token::text)
    }

    /// The body of a function or method.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn function(&self, name: &str) -> Result<GoSource> {
        let is_begin = |window: &[Token]| matches!(window, [Token::Word(word), Token::Sign('(')] if word == name);
        let mut places = self.0.windows(2).enumerate();
        let place = places.find(|(place, window)| {
            let before = place.checked_sub(1).and_then(|before| self.0.get(before));
            is_begin(window) && before != Some(&Token::Sign('.'))
        });
        let (place, _) = place.with_context(|| format!("there is no function {name}"))?;
        let body = self.part(self.braces_behind(place));
        body.with_context(|| format!("{name} has no body"))
    }

    /// The strings of `variable := []string{...}`.
    ///
    /// # Errors
    /// There is no such list.
    pub fn list(&self, variable: &str) -> Result<Vec<String>> {
        Ok(self
            .literal(variable)?
            .strings()
            .map(str::to_owned)
            .collect())
    }

    /// The first strings of the rows in `variable := []T{{...}, ...}`.
    ///
    /// # Errors
    /// There is no such table.
    pub fn rows(&self, variable: &str) -> Result<Vec<Vec<String>>> {
        let table = self.literal(variable)?;
        let (mut rows, mut place) = (Vec::new(), 1);
        while let Some((begin, end)) = table.braces_behind(place) {
            let row = table.part(Some((begin, end)));
            rows.extend(row.map(|row| row.strings().map(str::to_owned).collect()));
            place = end + 1;
        }
        Ok(rows)
    }

    fn literal(&self, variable: &str) -> Result<GoSource> {
        let place = self.0.windows(2).position(|window| {
            matches!(window, [Token::Word(word), Token::Sign(':' | '=')] if word == variable)
        });
        let place = place.with_context(|| format!("there is no {variable}"))?;
        let mut braces = self.braces_behind(place);
        // A type may stand there first: `[]struct { in string }{{"a"}}`.
        if let Some((begin, end)) = braces
            && self.0.get(begin.wrapping_sub(1)) == Some(&Token::Word("struct".to_owned()))
        {
            braces = self.braces_behind(end + 1);
        }
        self.part(braces)
            .with_context(|| format!("{variable} is no literal"))
    }

    fn part(&self, braces: Option<(usize, usize)>) -> Option<GoSource> {
        let (begin, end) = braces?;
        self.0
            .get(begin..=end)
            .map(|tokens| GoSource(tokens.to_vec()))
    }

    /// The first brace from `place` on, and the one that closes it.
    fn braces_behind(&self, place: usize) -> Option<(usize, usize)> {
        let mut depth = 0_usize;
        let mut begin = None;
        for (place, token) in self.0.iter().enumerate().skip(place) {
            match token {
                Token::Sign('{') => {
                    begin = begin.or(Some(place));
                    depth += 1;
                }
                Token::Sign('}') => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if let Some(begin) = begin.filter(|_| depth == 0) {
                return Some((begin, place));
            }
        }
        None
    }
}

impl Token {
    fn text(&self) -> Option<&str> {
        match self {
            Token::Text(text) => Some(text),
            Token::Word(_) | Token::Sign(_) => None,
        }
    }
}

/// `"a" + "b"` is one string.
fn join(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::new();
    for token in tokens {
        match (joined.as_mut_slice(), token) {
            ([.., Token::Text(_), Token::Sign('+')], Token::Text(more)) => {
                joined.pop();
                if let Some(Token::Text(text)) = joined.last_mut() {
                    text.push_str(&more);
                }
            }
            (_, token) => joined.push(token),
        }
    }
    joined
}

/// The string that begins behind a quotation mark, and what is behind it.
fn quoted(text: &str) -> Result<(String, &str)> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                return Ok((text, chars.as_str()));
            }
            '\\' => {
                let (_, kind) = chars.next().context("a string has no end")?;
                let digits = match kind {
                    'n' => b'\n'.into(),
                    't' => b'\t'.into(),
                    'r' => b'\r'.into(),
                    'x' => take(&mut chars, 2, 16, "")?,
                    'u' => take(&mut chars, 4, 16, "")?,
                    'U' => take(&mut chars, 8, 16, "")?,
                    '0'..='7' => take(&mut chars, 2, 8, &kind.to_string())?,
                    other => u32::from(other),
                };
                match kind {
                    'x' | '0'..='7' => bytes.push(u8::try_from(digits)?),
                    _ => {
                        let c = char::from_u32(digits).context("no character")?;
                        bytes.extend(c.to_string().bytes());
                    }
                }
            }
            '\n' => bail!("a string goes over a line at {place}"),
            c => bytes.extend(c.to_string().bytes()),
        }
    }
    bail!("a string has no end")
}

fn take(
    chars: &mut std::str::CharIndices<'_>,
    count: usize,
    radix: u32,
    before: &str,
) -> Result<u32> {
    let mut digits = before.to_owned();
    digits.extend(chars.take(count).map(|(_, c)| c));
    Ok(u32::from_str_radix(&digits, radix)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
// a "comment"
func (s *Suite) TestNames(c *C) {
	names := []string{
		"a", // it's one
		"b\x00\u00e4" + `c"`,
	}
	quote := '"'
	table := [][2]string{{"x", `y`}, {"z", "w"}}
	for _, t := range []struct{ in string }{{"p"}, {in: "q"}} {}
}
func other() { TestNames("{") }
"#;

    #[test]
    fn tables_are_found_where_they_stand() -> Result<()> {
        let source = GoSource::parse(SOURCE)?;
        let function = source.function("TestNames")?;
        assert_eq!(function.list("names")?, ["a", "b\0\u{e4}c\""]);
        assert_eq!(function.rows("table")?, [["x", "y"], ["z", "w"]]);
        assert_eq!(function.rows("t")?, [["p"], ["q"]]);
        assert!(source.function("TestOthers").is_err());
        assert!(function.list("other").is_err());
        Ok(())
    }
}

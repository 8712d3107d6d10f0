//! Patterns of names, as a shell has them: `*`, `?` and `[...]`, of which none matches a
//! slash. As python-tuf reads them, which is what publishers try them with.

/// Whether the pattern matches the whole name, piece by piece between the slashes.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (patterns, pieces) = (pattern.split('/'), name.split('/'));
    patterns.clone().count() == pieces.clone().count()
        && patterns.zip(pieces).all(|(pattern, piece)| {
            let pattern = tokens(pattern);
            let piece: Vec<char> = piece.chars().collect();
            matches_piece(&pattern, &piece)
        })
}

enum Token {
    Any,
    One,
    Char(char),
    Set {
        negated: Negated,
        ranges: Vec<(char, char)>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Negated {
    No,
    Yes,
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Token::Any | Token::One => true,
            Token::Char(own) => *own == c,
            Token::Set { negated, ranges } => {
                let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                inside != (*negated == Negated::Yes)
            }
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut tokens = Vec::new();
    let mut rest = chars.as_slice();
    while let [first, after @ ..] = rest {
        rest = after;
        tokens.push(match first {
            '*' => Token::Any,
            '?' => Token::One,
            '[' => match set(after) {
                Some((token, after_set)) => {
                    rest = after_set;
                    token
                }
                None => Token::Char('['),
            },
            other => Token::Char(*other),
        });
    }
    tokens
}

/// What stands after `[`, up to `]`. A `]` right at the beginning is a member; without an
/// end there is no set.
fn set(chars: &[char]) -> Option<(Token, &[char])> {
    let (negated, chars) = match chars {
        ['!', members @ ..] => (Negated::Yes, members),
        members => (Negated::No, members),
    };
    let end = 1 + chars.get(1..)?.iter().position(|c| *c == ']')?;
    let (mut members, after) = (chars.get(..end)?, chars.get(end + 1..)?);
    let mut ranges = Vec::new();
    loop {
        members = match members {
            [] => break,
            [low, '-', high, others @ ..] => {
                ranges.push((*low, *high));
                others
            }
            [one, others @ ..] => {
                ranges.push((*one, *one));
                others
            }
        };
    }
    Some((Token::Set { negated, ranges }, after))
}

/// Goes back to the last `*` only, which is enough and takes no longer than the product of
/// the lengths.
fn matches_piece(pattern: &[Token], piece: &[char]) -> bool {
    let (mut at_pattern, mut at_piece) = (0, 0);
    let mut last_any = None;
    while let Some(c) = piece.get(at_piece) {
        match pattern.get(at_pattern) {
            Some(Token::Any) => {
                last_any = Some((at_pattern, at_piece));
                at_pattern += 1;
            }
            Some(token) if token.takes(*c) => {
                at_pattern += 1;
                at_piece += 1;
            }
            _ => {
                let Some((any, taken)) = last_any else {
                    return false;
                };
                last_any = Some((any, taken + 1));
                at_pattern = any + 1;
                at_piece = taken + 1;
            }
        }
    }
    pattern
        .iter()
        .skip(at_pattern)
        .all(|token| matches!(token, Token::Any))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_pythons() {
        for (pattern, name, expected) in [
            ("*", "a", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("*/*", "a/b", true),
            ("a/*", "a/", true),
            ("foo-?.tgz", "foo-1.tgz", true),
            ("foo-?.tgz", "foo-alpha.tgz", false),
            ("foo-?.tgz", "foo-.tgz", false),
            ("*.md", "README.MD", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
            ("**", "abc", true),
            ("[ab]*", "bcd", true),
            ("[!ab]*", "bcd", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[a", "[a", true),
            ("[", "[", true),
            ("[]", "[]", true),
            ("[a-]", "-", true),
            ("?", "é", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(2000);
        assert!(!matches(&pattern, &"a".repeat(1999)));
        assert!(matches(&pattern, &"a".repeat(4000)));
    }
}

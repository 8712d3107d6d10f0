//! The table as a completion for bash. zsh takes it, too, by its `bashcompinit`.

use super::{Names, Opt, Term, of};
use crate::help;
use crate::verb::Verb;

/// What the table calls a file's name.
const FILE: &str = "FILE";

/// The file `firmware/snappy/snappy.bash`.
pub(super) fn completion() -> String {
    let verbs: Vec<_> = Verb::ALL.iter().map(|verb| verb.name()).collect();
    let verbs = verbs.join(" ");
    let (files, values) = (behind(|value| value == FILE), behind(|value| value != FILE));
    let cases: String = Verb::ALL.into_iter().map(case).collect();
    format!(
        r#"# Completion of snappy for bash; made by `TWINKEEL_WRITE=1 cargo test -p snappy help`.

_snappy() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
    local verb=${{COMP_WORDS[1]}} words="" names=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="{verbs} help --help --version"
    else
        case $verb:$before in
            {files}) names=files ;;
            {values}) return ;;
            *)
                case $verb in
                    help) words="{verbs}" ;;
{cases}                esac
                ;;
        esac
    fi
    case $names in
        parts) words+=" $(snappy list 2>/dev/null | awk 'NR > 1 {{ print $1 }}')" ;;
        files)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            ;;
    esac
    local more
    mapfile -t more < <(compgen -W "$words" -- "$word")
    COMPREPLY+=("${{more[@]}}")
}}
complete -F _snappy snappy
"#
    )
}

/// `verb:--option` of all options with such a value.
fn behind(wanted: fn(&str) -> bool) -> String {
    let mut found = Vec::new();
    for verb in Verb::ALL {
        let options = of(verb).options.iter();
        let with = |option: &&Opt| option.value.is_some_and(wanted);
        for word in options.filter(with).flat_map(typed) {
            found.push(format!("{}:{word}", verb.name()));
        }
    }
    found.join("|")
}

fn typed(option: &Opt) -> Vec<String> {
    let short = option.short.map(|letter| format!("-{letter}"));
    short
        .into_iter()
        .chain([format!("--{}", option.long)])
        .collect()
}

fn case(verb: Verb) -> String {
    let help = of(verb);
    let words = help.words.iter().map(|Term(word, _)| (*word).to_owned());
    let options = help::options(verb).map(|option| format!("--{}", option.long));
    let words: Vec<_> = words.chain(options).collect();
    let name = match verb {
        // As it was in 2014.
        Verb::Remove => "remove|uninstall",
        verb => verb.name(),
    };
    let names = match help.names {
        Names::Nothing => "",
        Names::Parts => " names=parts",
        Names::Files => " names=files",
    };
    format!(
        "                    {name}) words=\"{}\"{names} ;;\n",
        words.join(" ")
    )
}

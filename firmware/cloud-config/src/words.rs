//! NoCloud in a few words: `ds=nocloud;h=NAME;i=ID;s=WHERE`, in the serial number that a
//! virtual machine gets, or on the kernel's command line, which the manifest signs.

/// What the words say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `i=`.
    pub instance_id: Option<String>,
    /// `h=`.
    pub host_name: Option<String>,
    /// `s=`: a web address that ends with `/`. Others mean a seed that is there anyway.
    pub seed_from: Option<String>,
}

impl Words {
    /// Of a serial number, which has nothing but them.
    #[must_use]
    pub fn of_serial(serial: &str) -> Option<Self> {
        let words = serial.trim().strip_prefix("ds=")?;
        let (source, rest) = words.split_once(';').unwrap_or((words, ""));
        if !matches!(source, "nocloud" | "nocloud-net") {
            return None;
        }
        let mut found = Self::default();
        for word in rest.split(';') {
            match word.split_once('=') {
                Some(("i" | "instance-id", id)) => found.instance_id = Some(id.to_owned()),
                Some(("h" | "local-hostname", name)) => found.host_name = Some(name.to_owned()),
                Some(("s" | "seedfrom", at)) if is_web(at) => {
                    let slash = if at.ends_with('/') { "" } else { "/" };
                    found.seed_from = Some(format!("{at}{slash}"));
                }
                _ => {}
            }
        }
        Some(found)
    }

    /// Of a command line, where they are one word.
    #[must_use]
    pub fn of_command_line(line: &str) -> Option<Self> {
        line.split_ascii_whitespace().find_map(Self::of_serial)
    }
}

fn is_web(at: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| at.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_who_the_instance_is_and_where_its_seed_lies() {
        let words = Words::of_serial("ds=nocloud-net;s=http://10.0.2.2:80/a;h=gw-1;i=i-7");
        let expected = Words {
            instance_id: Some("i-7".to_owned()),
            host_name: Some("gw-1".to_owned()),
            seed_from: Some("http://10.0.2.2:80/a/".to_owned()),
        };
        assert_eq!(words, Some(expected));
        let words = Words::of_command_line("panic=10 ds=nocloud;i=a quiet");
        assert_eq!(
            words.and_then(|words| words.instance_id).as_deref(),
            Some("a")
        );
        assert_eq!(Words::of_serial("ds=nocloud"), Some(Words::default()));
        assert_eq!(
            Words::of_serial("ds=nocloud;s=/etc/").unwrap().seed_from,
            None
        );
        for other in ["", "SN-1", "ds=ec2", "nods=nocloud", "ds=nocloudy;i=1"] {
            assert_eq!(Words::of_serial(other), None, "{other}");
        }
    }
}

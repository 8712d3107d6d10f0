use super::*;
use crate::list::{Columns, Revisions};

fn parsed(line: &str) -> Result<Command, UsageError> {
    parse(line.split_whitespace().map(OsString::from))
}

#[test]
fn every_command_line_means_one_command() {
    let table = [
        ("", Command::Help(None)),
        ("-h", Command::Help(None)),
        ("--help", Command::Help(None)),
        ("help", Command::Help(None)),
        ("help why", Command::Help(Some(Verb::Why))),
        ("rollback --help", Command::Help(Some(Verb::Rollback))),
        ("--version", Command::ProgramVersion),
        ("info", Command::Info(Form::Text, None)),
        ("network", Command::Network(Form::Text)),
        ("network --json", Command::Network(Form::Json)),
        ("service", Command::Service(Form::Text, Asked::List)),
        (
            "service web --json",
            Command::Service(Form::Json, Asked::Status("web".into())),
        ),
        (
            "service web logs",
            Command::Service(Form::Text, Asked::Logs("web".into())),
        ),
        (
            "service web logs -f",
            Command::Service(Form::Text, Asked::Follow("web".into())),
        ),
        (
            "service web.db restart",
            Command::Service(Form::Text, Asked::Act("web.db".into(), ServiceAct::Restart)),
        ),
        (
            "build hello --output hello.snap",
            Command::Build(
                Form::Text,
                Build {
                    directory: "hello".into(),
                    output: Some("hello.snap".into()),
                },
            ),
        ),
        (
            "install hello.acme",
            Command::Snap(
                Form::Text,
                SnapAct::Install {
                    name: "hello.acme".into(),
                    channel: None,
                    grants: Vec::new(),
                },
            ),
        ),
        (
            "install hello --channel=edge",
            Command::Snap(
                Form::Text,
                SnapAct::Install {
                    name: "hello".into(),
                    channel: Some("edge".into()),
                    grants: Vec::new(),
                },
            ),
        ),
        (
            "update hello --channel edge",
            Command::Snap(Form::Text, update("hello", Some("edge"))),
        ),
        (
            "install --allow-unauthenticated a.snap --json",
            Command::Snap(
                Form::Json,
                SnapAct::InstallFile("a.snap".into(), Vec::new()),
            ),
        ),
        (
            "uninstall hello",
            Command::Snap(Form::Text, SnapAct::Remove("hello".into())),
        ),
        (
            "purge hello",
            Command::Snap(Form::Text, SnapAct::Purge("hello".into())),
        ),
        (
            "update hello",
            Command::Snap(Form::Text, update("hello", None)),
        ),
        (
            "rollback hello",
            Command::Snap(Form::Text, SnapAct::Rollback("hello".into())),
        ),
        (
            "info hello --json",
            Command::Info(Form::Json, Some("hello".into())),
        ),
        ("info ubuntu-core", Command::Info(Form::Text, None)),
        ("list", list(Revisions::Current, Columns::Few)),
        ("list -a", list(Revisions::All, Columns::Few)),
        ("list -uv", list(Revisions::Outdated, Columns::All)),
        ("tags --json", Command::Tags(Form::Json)),
        ("chroot", Command::Chroot),
        (
            "search web",
            Command::Search(Form::Text, Some("web".into())),
        ),
        ("info --json", Command::Info(Form::Json, None)),
        ("versions", Command::Versions(Form::Text, Scope::Running)),
        ("versions -a", Command::Versions(Form::Text, Scope::All)),
        (
            "versions --json --all",
            Command::Versions(Form::Json, Scope::All),
        ),
        ("why", Command::Why(Form::Text, None)),
        ("why --boots 3", Command::Why(Form::Text, Some(3))),
        ("why --boots=3 --json", Command::Why(Form::Json, Some(3))),
        (
            "update --from u.update",
            Command::Update(
                Form::Text,
                Update {
                    from: UpdateSource::Origin(Origin::File("u.update".into())),
                    downgrade: Downgrade::Refuse,
                    failed_before: FailedBefore::Refuse,
                },
            ),
        ),
        (
            "update --json --allow-downgrade --retry-failed --from=/dev/vdb",
            Command::Update(
                Form::Json,
                Update {
                    from: UpdateSource::Origin(Origin::File("/dev/vdb".into())),
                    downgrade: Downgrade::Allow,
                    failed_before: FailedBefore::Allow,
                },
            ),
        ),
        ("rollback", Command::Rollback(Form::Text)),
        (
            "reset",
            Command::Reset(
                Form::Text,
                Reset {
                    data: AppData::Dropped,
                    confirmation: Confirmation::Ask,
                },
            ),
        ),
        (
            "reset --keep-data --yes --json",
            Command::Reset(
                Form::Json,
                Reset {
                    data: AppData::Kept,
                    confirmation: Confirmation::Given,
                },
            ),
        ),
        (
            "reinstall network",
            Command::Reinstall(
                Form::Text,
                Reinstall {
                    sources: Some(RescueSources::Network),
                    watch: Watch::Once,
                },
            ),
        ),
        (
            "reinstall --unattended",
            Command::Reinstall(
                Form::Text,
                Reinstall {
                    sources: None,
                    watch: Watch::UntilInstalled,
                },
            ),
        ),
        ("update", from_store(StoreUpdate::default())),
        ("update system", from_store(StoreUpdate::default())),
        (
            "update ubuntu-core --automatic-reboot --version 7 --allow-stopped",
            from_store(StoreUpdate {
                version: Some(7),
                stopped: Stopped::Allow,
                reboot: Reboot::Automatic,
            }),
        ),
        (
            "update-versions --json",
            Command::UpdateVersions(Form::Json),
        ),
        (
            "hold",
            Command::Hold(Form::Text, "system".into(), Hold::Forever),
        ),
        (
            "hold system --until 2026-12-24T00:00:00Z",
            Command::Hold(
                Form::Text,
                "system".into(),
                Hold::Until("2026-12-24T00:00:00Z".into()),
            ),
        ),
        (
            "hold --for 90m --json",
            Command::Hold(Form::Json, "system".into(), Hold::ForSecs(5400)),
        ),
        (
            "hold --for=2w",
            Command::Hold(Form::Text, "system".into(), Hold::ForSecs(1_209_600)),
        ),
        (
            "hold --release",
            Command::Hold(Form::Text, "system".into(), Hold::Release),
        ),
        (
            "hold hello --for 2d",
            Command::Hold(Form::Text, "hello".into(), Hold::ForSecs(172_800)),
        ),
        ("hold --help", Command::Help(Some(Verb::Hold))),
        ("update -h", Command::Help(Some(Verb::Update))),
        ("config", Command::Config(Form::Text, Config::default())),
        (
            "config system channel hold=a=b reboot=",
            Command::Config(
                Form::Text,
                Config {
                    set: vec![
                        ("hold".into(), "a=b".into()),
                        ("reboot".into(), String::new()),
                    ],
                    get: vec!["channel".into()],
                    of: ConfigOf::System,
                },
            ),
        ),
        (
            "config hello port=80 user.name",
            Command::Config(
                Form::Text,
                Config {
                    set: vec![("port".into(), "80".into())],
                    get: vec!["hello".into(), "user.name".into()],
                    of: ConfigOf::FirstWord,
                },
            ),
        ),
        ("changes", Command::Changes(Form::Text, None)),
        (
            "changes 3 --json",
            Command::Changes(Form::Json, Some("3".into())),
        ),
        ("rollback system", Command::Rollback(Form::Text)),
        ("rollback ubuntu-core --json", Command::Rollback(Form::Json)),
    ];
    for (line, command) in table {
        assert_eq!(parsed(line), Ok(command), "snappy {line}");
    }
}

fn update(name: &str, channel: Option<&str>) -> SnapAct {
    SnapAct::Update {
        name: name.into(),
        channel: channel.map(str::to_owned),
    }
}

fn list(revisions: Revisions, columns: Columns) -> Command {
    Command::List(Form::Text, List { revisions, columns })
}

fn from_store(store: StoreUpdate) -> Command {
    Command::Update(
        Form::Text,
        Update {
            from: UpdateSource::Store(store),
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        },
    )
}

#[test]
fn nonsense_is_refused_with_its_name() {
    let table = [
        ("instal docker", "unknown command \"instal\""),
        ("help nobody", "unknown command \"nobody\""),
        ("--frob", "invalid option '--frob'"),
        ("network eth0", "unexpected argument \"eth0\""),
        (
            "build",
            "cannot build a snap of nothing: name its directory",
        ),
        ("build a b", "unexpected argument \"b\""),
        ("info -a", "invalid option '-a'"),
        ("info a b", "unexpected argument \"b\""),
        ("search a b", "unexpected argument \"b\""),
        (
            "list -a --updates",
            "cannot list all revisions and only what is outdated: take -a or -u",
        ),
        ("why --boots", "missing argument for option '--boots'"),
        (
            "update --from x --version 3",
            "cannot combine --from with --version, --allow-stopped or --automatic-reboot: \
             those ask the store",
        ),
        (
            "update docker --version 3",
            "cannot update \"docker\" like a system: only --channel and --json go with a snap",
        ),
        (
            "update --channel edge",
            "cannot update the system from another channel once: 'snappy config channel=edge' \
             changes it",
        ),
        (
            "install --allow-unauthenticated a.snap --channel edge",
            "cannot take a.snap of a channel: it is a file, and no store has it",
        ),
        (
            "install ./hello.snap",
            "cannot install ./hello.snap: nobody vouches for a file; --allow-unauthenticated \
             takes it all the same",
        ),
        (
            "install --allow-unauthenticated hello",
            "cannot take hello with --allow-unauthenticated: the store vouches for what it has; \
             a file's name ends with .snap",
        ),
        ("remove", "cannot remove nothing: name a snap"),
        ("purge a b", "unexpected argument \"b\""),
        (
            "uninstall ../conf",
            "cannot use \"../conf\" as the name of a snap",
        ),
        ("rollback a/b", "cannot use \"a/b\" as the name of a snap"),
        (
            "hold --for ever",
            "cannot read \"ever\" as a duration: write 90m, 12h, 2d or 1w",
        ),
        (
            "hold --for 99999999999999999999w",
            "cannot read \"99999999999999999999w\" as a duration: write 90m, 12h, 2d or 1w",
        ),
        (
            "hold --for 0d",
            "cannot read \"0d\" as a duration: write 90m, 12h, 2d or 1w",
        ),
        (
            "hold --for é",
            "cannot read \"é\" as a duration: write 90m, 12h, 2d or 1w",
        ),
        (
            "hold --for 1d --release",
            "cannot hold in two ways: take one of --until, --for and --release",
        ),
        (
            "reinstall floppy",
            "cannot look for a release in \"floppy\": write usb, network or both",
        ),
        (
            "reinstall off",
            "cannot look for a release in \"off\": write usb, network or both",
        ),
        (
            "reinstall usb --unattended",
            "cannot combine --unattended with a source: the setting \"rescue\" names it",
        ),
        ("reset now", "unexpected argument \"now\""),
        ("reinstall usb network", "unexpected argument \"network\""),
        ("config =x", "cannot set \"=x\": no name"),
        ("changes 1 2", "unexpected argument \"2\""),
        ("update --from", "missing argument for option '--from'"),
        ("rollback --from x", "invalid option '--from'"),
        (
            "why --boots many",
            "cannot parse argument \"many\": invalid digit found in string",
        ),
    ];
    for (line, message) in table {
        assert_eq!(
            parsed(line),
            Err(UsageError(message.into())),
            "snappy {line}"
        );
    }
}

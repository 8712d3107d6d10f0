//! Keys that take one of a few words.

use std::fmt;

/// A word that is none of those that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordError {
    pub(crate) found: String,
    pub(crate) allowed: &'static [&'static str],
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WordError { found, allowed } = self;
        write!(
            f,
            "cannot use {found:?}: give one of {}",
            allowed.join(", ")
        )
    }
}

impl std::error::Error for WordError {}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal $(| $other:literal)?,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$about])* $variant,)*
        }

        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),*];

            /// As it stands in snap.yaml.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::WordError;

            fn from_str(text: &str) -> Result<Self, $crate::words::WordError> {
                match text {
                    $($word $(| $other)? => Ok(Self::$variant),)*
                    _ => Err($crate::words::WordError {
                        found: text.to_owned(),
                        allowed: Self::WORDS,
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What a snap is.
    SnapType {
        /// Apps and services; with a `framework:` key also something for other snaps.
        App = "app" | "application",
        /// Files that other snaps run on.
        Base = "base",
        /// snapd's description of a device.
        Gadget = "gadget",
        /// snapd's kernel.
        Kernel = "kernel",
        /// snapd's first base.
        Os = "os",
        /// snapd itself.
        Snapd = "snapd",
    }
}
words! {
    /// How much of the system a snap sees.
    Confinement {
        /// Itself, and what its plugs name.
        Strict = "strict",
        /// Its makers want to see what would be refused.
        Devmode = "devmode",
        /// Everything.
        Classic = "classic",
    }
}
words! {
    /// What kind of service an app is.
    Daemon {
        /// Runs in the foreground.
        Simple = "simple",
        /// Runs on in a child.
        Forking = "forking",
        /// Runs once, and ends.
        Oneshot = "oneshot",
        /// Says by itself when it is ready.
        Notify = "notify",
        /// Is ready when it has a name on D-Bus.
        Dbus = "dbus",
    }
}
words! {
    /// For whom a service runs.
    DaemonScope {
        /// Once on the device.
        System = "system",
        /// Once for each person who is logged in.
        User = "user",
    }
}
words! {
    /// When a service that ended is started again.
    RestartCondition {
        /// Not at all.
        Never = "never" | "no",
        /// It said that all is well.
        OnSuccess = "on-success",
        /// It did not.
        OnFailure = "on-failure",
        /// It was ended by a signal or a time limit.
        OnAbnormal = "on-abnormal",
        /// It was ended by a signal.
        OnAbort = "on-abort",
        /// Its watchdog was not fed.
        OnWatchdog = "on-watchdog",
        /// However it ended.
        Always = "always",
    }
}
words! {
    /// Which signal a service is stopped with, and whether its children get it.
    StopMode {
        /// SIGTERM.
        Term = "sigterm",
        /// SIGTERM, to all.
        TermAll = "sigterm-all",
        /// SIGHUP.
        Hup = "sighup",
        /// SIGHUP, to all.
        HupAll = "sighup-all",
        /// SIGUSR1.
        Usr1 = "sigusr1",
        /// SIGUSR1, to all.
        Usr1All = "sigusr1-all",
        /// SIGUSR2.
        Usr2 = "sigusr2",
        /// SIGUSR2, to all.
        Usr2All = "sigusr2-all",
        /// SIGINT.
        Int = "sigint",
        /// SIGINT, to all.
        IntAll = "sigint-all",
    }
}
words! {
    /// What a refresh means for what runs.
    RefreshMode {
        /// The service runs on.
        Endure = "endure",
        /// It is stopped, and started from the new revision.
        Restart = "restart",
        /// An app that runs does not hold the refresh.
        IgnoreRunning = "ignore-running",
    }
}
words! {
    /// Whether a service starts once the snap is installed.
    InstallMode {
        /// It does.
        Enable = "enable",
        /// A person starts it.
        Disable = "disable",
    }
}

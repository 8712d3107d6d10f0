//! Where our verdict is another than snapd's, on purpose. docs/making-snaps.md has the same
//! list, with the reasons.

/// One that has a reason.
pub(crate) struct Difference {
    /// As in the document.
    pub(crate) name: &'static str,
    pub(crate) ours: Ours,
}

/// What we say where snapd says the contrary.
pub(crate) enum Ours {
    /// snapd refuses with these words.
    Accept(&'static str),
    /// We refuse with these words.
    Refuse(&'static str),
}

pub(crate) const ALL: &[Difference] = &[
    Difference {
        name: "a licence that nobody knows",
        ours: Ours::Accept("unknown license"),
    },
    Difference {
        name: "a key that stands there twice",
        ours: Ours::Refuse("stands there twice"),
    },
    Difference {
        name: "a plug or slot with a bad name",
        ours: Ours::Refuse("a-z, 0-9 and single dashes between them, a letter first"),
    },
    Difference {
        name: "a plug and a slot of one name",
        ours: Ours::Refuse("plugs: the slot"),
    },
    Difference {
        name: "a service that a slot starts, and should not",
        ours: Ours::Refuse("activates-on"),
    },
];

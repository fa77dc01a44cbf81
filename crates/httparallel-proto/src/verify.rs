//! How the certificates of servers are verified: what a client, or one request, is told. Nothing here verifies.

/// How the certificates of servers are verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// By the platform's roots and rules.
    #[default]
    Platform,
    /// By these roots only (PEM, one or more certificates).
    Roots(Vec<u8>),
    /// Not at all. Anyone on the way can read and change everything.
    DangerousNone,
}

/// Whether those who dial must show a certificate of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// They are not asked for one.
    #[default]
    None,
    /// Who shows one must show a good one.
    Optional,
    /// Who shows none, or a bad one, is refused: mutual TLS.
    Required,
}

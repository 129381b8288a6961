/// Why bytes are not what the registrar's protocol allows. Whoever sent them loses the link; a
/// datagram is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// They do not begin with the two bytes of the protocol: another program talks here.
    #[error("these are not bytes of a registrar")]
    Magic,
    /// A version that this side does not speak.
    #[error("version {0} of the registrar's protocol is unknown, this is version 1")]
    Version(u8),
    /// A type of message below 128 that this side does not know.
    #[error("messages of type {0} are unknown")]
    Type(u8),
    /// A message that does not belong here, such as a question before the registration.
    #[error("a message came that does not belong here")]
    Unexpected,
    /// A length leads over the end of what it is in.
    #[error("a length is larger than what follows")]
    Length,
    /// A field below 128 that this side does not know, or that does not belong there.
    #[error("field {0} was not expected")]
    Field(u8),
    /// A field that may stand once stands twice.
    #[error("field {0} is repeated")]
    Repeated(u8),
    /// A field that must be there is not.
    #[error("field {0} is missing")]
    Missing(u8),
    /// A field's content is not what it may hold.
    #[error("field {0} has a value that is not allowed")]
    Value(u8),
    /// More of something than allowed, or a message larger than a frame holds.
    #[error("more than a message may hold")]
    TooLarge,
}

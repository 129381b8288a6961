/// The most bytes that the name of a node, an application or a host may have.
pub const MAX_NAME_BYTES: usize = 255;

/// Whether `name` is `name@host` with both halves non-empty, exactly one `@`, no white space or
/// control characters and at most 255 bytes.
pub fn is_node_name(name: &str) -> bool {
    let Some((node, host)) = name.split_once('@') else {
        return false;
    };
    is_plain(name) && !node.is_empty() && !host.is_empty() && !host.contains('@')
}

/// Whether `name` can be an application's: not empty, no white space or control characters, at most 255 bytes.
pub fn is_application_name(name: &str) -> bool {
    !name.is_empty() && is_plain(name)
}

/// The part of a node's name after the `@`; empty when there is none.
pub fn host_of(node: &str) -> &str {
    node.split_once('@').map_or("", |(_, host)| host)
}

/// A host without the brackets in which an IPv6 address may stand, as in a URL.
pub fn bare_host(host: &str) -> &str {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host)
}

/// Short enough, and nothing in it that a terminal or a log would stumble over.
pub(super) fn is_plain(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

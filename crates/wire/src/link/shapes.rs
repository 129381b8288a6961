use std::sync::Arc;

use crate::link::LinkError;

/// So many shapes can a peer announce.
pub(crate) const MAX_SHAPES: usize = 4096;
/// So many keys can a shape have.
const MAX_KEYS: usize = 64;
/// Bytes of a key at most: 64 characters, as escapes of UTF-16.
const MAX_KEY_BYTES: usize = 6 * 64;
/// Bytes of a list at most.
pub(crate) const MAX_SHAPE_BYTES: usize = 16 * 1024;

/// The shapes of the objects of one node, in the order of their numbers from 1.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    texts: Vec<Arc<str>>,
    /// How many keys each has.
    keys: Vec<u8>,
}

impl Shapes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The list of one, from 0.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.texts.get(index).map(|text| &**text)
    }

    /// How many keys the first so many have.
    pub fn keys(&self, count: usize) -> &[u8] {
        &self.keys[..count]
    }

    /// One of this node: what is announced must be right.
    pub fn add_own(&mut self, text: &str) {
        self.texts.push(text.into());
    }

    /// One of a peer, with its place from 0; true when it is new. Another link may have told it already.
    pub fn learn(&mut self, index: usize, text: &[u8]) -> Result<bool, LinkError> {
        let text = str::from_utf8(text).map_err(|_| LinkError("a shape is no text"))?;
        if let Some(known) = self.text(index) {
            if known != text {
                return Err(LinkError("a shape has two meanings"));
            }
            return Ok(false);
        }
        if index != self.texts.len() || index >= MAX_SHAPES || text.len() > MAX_SHAPE_BYTES {
            return Err(LinkError("a shape has a number that it cannot have"));
        }
        let keys = keys_of(text).ok_or(LinkError("a shape is no list of keys"))?;
        self.texts.push(text.into());
        self.keys.push(keys);
        Ok(true)
    }
}

/// How many strings a JSON list of different strings has; none: it is no such list, or has `__proto__` in it.
fn keys_of(text: &str) -> Option<u8> {
    let mut rest = text.strip_prefix('[')?;
    let mut keys: Vec<Vec<u16>> = Vec::new();
    if rest == "]" {
        return Some(0);
    }
    loop {
        let (key, after) = string(rest.strip_prefix('"')?)?;
        if key.iter().copied().eq("__proto__".encode_utf16()) || keys.contains(&key) {
            return None;
        }
        keys.push(key);
        if keys.len() > MAX_KEYS {
            return None;
        }
        rest = match after.strip_prefix(',') {
            Some(more) => more,
            None if after == "]" => return Some(keys.len() as u8),
            None => return None,
        };
    }
}

/// The characters of a JSON string after its first quote, and what comes after its last.
fn string(text: &str) -> Option<(Vec<u16>, &str)> {
    let mut units = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        if at > MAX_KEY_BYTES || char < ' ' {
            return None;
        }
        match char {
            '"' => return Some((units, &text[at + 1..])),
            '\\' => {
                let (_, escape) = chars.next()?;
                units.push(match escape {
                    '"' | '\\' | '/' => escape as u16,
                    'b' => 8,
                    't' => 9,
                    'n' => 10,
                    'f' => 12,
                    'r' => 13,
                    'u' => (0..4).try_fold(0, |unit, _| {
                        let digit = chars.next()?.1.to_digit(16)? as u16;
                        Some(unit << 4 | digit)
                    })?,
                    _ => return None,
                });
            }
            _ => units.extend_from_slice(char.encode_utf16(&mut [0; 2])),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_of_different_strings_are_shapes() {
        assert_eq!(keys_of(r#"["type","id","n\u00e4me"]"#), Some(3));
        assert_eq!(keys_of("[]"), Some(0));
        for text in [
            "",
            "[",
            "{}",
            "[1]",
            r#"["a",]"#,
            r#"["a" ,"b"]"#,
            r#"["a"]x"#,
            r#"["a""#,
            r#"["\x"]"#,
            r#"["a","a"]"#,
            r#"["a","\u0061"]"#,
            r#"["__proto__"]"#,
            r#"["\u005f_proto__"]"#,
        ] {
            assert_eq!(keys_of(text), None, "{text}");
        }
        let many: Vec<_> = (0..65).map(|key| format!("\"{key}\"")).collect();
        assert_eq!(keys_of(&format!("[{}]", many.join(","))), None);
        assert_eq!(keys_of(&format!("[{}]", many[1..].join(","))), Some(64));
        assert_eq!(keys_of(&format!("[\"{}\"]", "x".repeat(400))), None);
    }

    #[test]
    fn a_shape_keeps_its_meaning() {
        let mut shapes = Shapes::default();
        assert_eq!(shapes.learn(0, br#"["a"]"#), Ok(true));
        assert_eq!(shapes.learn(0, br#"["a"]"#), Ok(false));
        assert!(shapes.learn(0, br#"["b"]"#).is_err());
        assert!(shapes.learn(2, br#"["b"]"#).is_err());
        assert!(shapes.learn(1, &[0xFF]).is_err());
    }
}

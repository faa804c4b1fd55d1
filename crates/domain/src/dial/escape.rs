//! Percent escapes, decoded once. What they spell is a character, never again an escape or a delimiter.

use super::link::LinkFault;

/// `%2B49` as `+49`.
///
/// # Errors
/// When a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
pub(super) fn decoded(text: &str) -> Result<String, LinkFault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(LinkFault::BadEscape) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| LinkFault::BadEscape)?);
    }
    String::from_utf8(bytes).map_err(|_| LinkFault::BadEscape)
}

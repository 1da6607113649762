//! APOP (RFC 1939 §7): the password is proved by a digest over the time stamp of the greeting, so it does not travel.
//!
//! MD5 protects against a listener and little more; it is used where the line itself is not protected.

use md5::{Digest, Md5};

use crate::secret::Secret;

/// The time stamp in a greeting: `<…@…>`, with its brackets. One that is no message id proves nothing (RFC 1939 §7, CVE-2007-1558).
pub(super) fn time_stamp(greeting: &str) -> Option<&str> {
    let start = greeting.find('<')?;
    let stamp = greeting.get(start..=start + greeting.get(start..)?.find('>')?)?;
    let inner = stamp.get(1..stamp.len() - 1)?;
    let (left, right) = inner.split_once('@')?;
    let is_printable = inner.bytes().all(|byte| byte.is_ascii_graphic());
    (is_printable && !left.is_empty() && !right.is_empty() && !inner.contains('<')).then_some(stamp)
}

/// The digest in lower-case hexadecimal.
pub(super) fn digest(time_stamp: &str, password: &Secret) -> String {
    let mut md5 = Md5::new();
    md5.update(time_stamp);
    md5.update(password.expose());
    md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_rfc() {
        let stamp = time_stamp("POP3 server ready <1896.697170952@dbc.mtview.ca.us>").unwrap();
        assert_eq!(digest(stamp, &Secret::new("tanstaaf".to_owned())), "c4c9334bac560ecc979e58001b3e22fb");
    }

    #[test]
    fn only_a_message_id_is_a_time_stamp() {
        for none in ["ready", "ready <", "<a b@c>", "<@c>", "<a@>", "<a>", "<a@<b>", "<ä@b>"] {
            assert_eq!(time_stamp(none), None, "{none}");
        }
    }
}

//! Header fields as FETCH and SEARCH see them: raw lines, folds included.

use bytes::Bytes;

/// The fields of a header: name and everything behind the colon, folds and line ends included.
pub(super) fn header_fields(header: &Bytes) -> Vec<(String, Bytes)> {
    let lines = field_lines(header);
    let split = |line: Bytes| {
        let colon = line.iter().position(|&b| b == b':')?;
        Some((String::from_utf8_lossy(&line[..colon]).trim_end().to_owned(), line.slice(colon + 1..)))
    };
    lines.into_iter().filter_map(split).collect()
}

/// The header's lines, each with its folds.
fn field_lines(header: &Bytes) -> Vec<Bytes> {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    while let Some(length) = header[start..].iter().position(|&b| b == b'\n') {
        let end = start + length + 1;
        match lines.last_mut() {
            Some(open) if b" \t".contains(&header[start]) => open.1 = end,
            _ => lines.push((start, end)),
        }
        start = end;
    }
    lines.into_iter().map(|(start, end)| header.slice(start..end)).collect()
}

/// The lines of the named fields (or of the others), and the empty line.
pub(super) fn fields(header: &Bytes, names: &[String], not: bool) -> Bytes {
    let mut out = Vec::new();
    for line in field_lines(header) {
        let colon = line.iter().position(|&b| b == b':').unwrap_or(0);
        let name = line[..colon].trim_ascii_end();
        let named = names.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name));
        if colon > 0 && named != not {
            out.extend_from_slice(&line);
        }
    }
    out.extend_from_slice(b"\r\n");
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut_out_with_their_folds() {
        let header = Bytes::from_static(b"Subject: a\r\n b\r\nFrom: c\r\nX: d\r\n\r\n");
        assert_eq!(fields(&header, &["subject".into(), "to".into()], false), "Subject: a\r\n b\r\n\r\n");
        assert_eq!(fields(&header, &["SUBJECT".into()], true), "From: c\r\nX: d\r\n\r\n");
        assert_eq!(header_fields(&header)[0], ("Subject".into(), Bytes::from_static(b" a\r\n b\r\n")));
    }
}

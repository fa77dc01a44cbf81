//! `WWW-Authenticate`: challenges of several schemes, in one field or in several.

use std::borrow::Cow;

use crate::Headers;
use crate::headers::is_token_byte;

/// What a server asks for, in one scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// The scheme as it was written. Compare it without regard to ASCII case.
    pub scheme: &'a str,
    parameters: Vec<(&'a str, Cow<'a, [u8]>)>,
}

impl Challenge<'_> {
    /// The value of a parameter, without quotes and escapes. The first one counts.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        self.parameters.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

/// The challenges of a response, in order. What is no challenge ends its field.
///
/// RFC 9110 section 11.6.1 has commas both between challenges and between parameters: a token before `=` is a
/// parameter, one before anything else begins a challenge.
pub fn challenges(headers: &Headers) -> Vec<Challenge<'_>> {
    headers.get_all("www-authenticate").flat_map(|value| Field(value).challenges()).collect()
}

/// What is left of a field's value.
struct Field<'a>(&'a [u8]);

impl<'a> Field<'a> {
    fn challenges(mut self) -> Vec<Challenge<'a>> {
        let mut found: Vec<Challenge<'a>> = Vec::new();
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
            let name = self.token();
            if name.is_empty() {
                return found;
            }
            self.skip(is_blank);
            if self.0.starts_with(b"=") {
                // A parameter that belongs to no challenge is nobody's.
                let value = self.value();
                if let Some(challenge) = found.last_mut() {
                    challenge.parameters.push((name, value));
                }
            } else {
                found.push(Challenge { scheme: name, parameters: Vec::new() });
                self.skip_token68();
            }
        }
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|&byte| !belongs(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, belongs: impl Fn(u8) -> bool) {
        self.take(belongs);
    }

    fn token(&mut self) -> &'a str {
        // Tokens are ASCII.
        std::str::from_utf8(self.take(is_token_byte)).unwrap_or_default()
    }

    /// What follows a parameter's name: `=` and a token or a quoted string.
    fn value(&mut self) -> Cow<'a, [u8]> {
        self.0 = &self.0[1..];
        self.skip(is_blank);
        match self.0.strip_prefix(b"\"") {
            Some(quoted) => {
                self.0 = quoted;
                self.quoted()
            }
            None => self.take(|byte| !is_blank(byte) && byte != b',').into(),
        }
    }

    /// RFC 9110 section 5.6.4, to the closing quote or the end.
    fn quoted(&mut self) -> Cow<'a, [u8]> {
        let plain = self.take(|byte| byte != b'"' && byte != b'\\');
        let mut value = Cow::Borrowed(plain);
        loop {
            match self.0 {
                [b'\\', escaped, rest @ ..] => {
                    value.to_mut().push(*escaped);
                    self.0 = rest;
                    value.to_mut().extend_from_slice(self.take(|byte| byte != b'"' && byte != b'\\'));
                }
                [b'"', rest @ ..] => {
                    self.0 = rest;
                    return value;
                }
                _ => {
                    self.0 = &[];
                    return value;
                }
            }
        }
    }

    /// Some schemes have one string in place of parameters: letters, digits, `-._~+/` and `=` at its end.
    fn skip_token68(&mut self) {
        let before = self.0;
        self.skip(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        self.skip(|byte| byte == b'=');
        let ended = self.0;
        self.skip(is_blank);
        if !self.0.is_empty() && !self.0.starts_with(b",") || ended.len() == before.len() {
            self.0 = before;
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fields: &[&'static str]) -> Vec<String> {
        let headers: Headers = fields.iter().map(|field| ("WWW-Authenticate", *field)).collect();
        let show = |challenge: &Challenge<'_>| {
            let parameters = challenge.parameters.iter();
            let pairs = parameters.map(|(name, value)| format!(" {name}={}", String::from_utf8_lossy(value)));
            format!("{}{}", challenge.scheme, pairs.collect::<String>())
        };
        challenges(&headers).iter().map(show).collect()
    }

    #[test]
    fn a_challenge_has_parameters() {
        assert_eq!(
            shown(&["Digest realm=\"a b\", qop=auth , nonce = \"n\""]),
            ["Digest realm=a b qop=auth nonce=n"]
        );
    }

    #[test]
    fn quotes_and_escapes_are_undone() {
        assert_eq!(shown(&[r#"Basic realm="a\"b, c=\\d", x="""#]), [r#"Basic realm=a"b, c=\d x="#]);
        assert_eq!(shown(&[r#"Basic realm="never closed\"#]), [r"Basic realm=never closed"]);
    }

    #[test]
    fn several_challenges_stand_in_one_field_or_in_several() {
        assert_eq!(
            shown(&["Basic realm=x, Digest realm=y, nonce=z", "Negotiate"]),
            ["Basic realm=x", "Digest realm=y nonce=z", "Negotiate"]
        );
        assert_eq!(
            shown(&["Negotiate abc+/==, Newauth realm=\"a\", type=1"]),
            ["Negotiate", "Newauth realm=a type=1"]
        );
    }

    #[test]
    fn names_have_no_case_and_the_first_counts() {
        let headers: Headers = [("www-authenticate", "digest REALM=a, realm=b")].into_iter().collect();
        let found = challenges(&headers);
        assert_eq!(found[0].parameter("Realm"), Some(&b"a"[..]));
        assert_eq!(found[0].parameter("nonce"), None);
    }

    #[test]
    fn what_is_no_challenge_is_none() {
        assert_eq!(shown(&["", ", ,", "\"quoted\"", "=", "realm=x"]), [""; 0]);
        assert_eq!(shown(&["Basic realm=x \"junk\" more"]), ["Basic realm=x"]);
    }
}

//! The header `Link` (RFC 8288): where a response says that related resources are.

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// Its target: a URL, or a reference that is relative to the response's.
    pub target: String,
    /// Its parameters in order, each name once. Names are as they were written.
    pub parameters: Vec<(String, String)>,
}

impl Link {
    /// The value of a parameter, whatever the case of its name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Whether it leads to what is related in this way, such as `next`. RFC 8288 section 3.3: `rel` is a list of
    /// such words, whose case does not count.
    pub fn has_relation(&self, relation: &str) -> bool {
        let relations = self.parameter("rel").unwrap_or_default();
        relations.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(relation))
    }
}

/// The links in the value of a `Link` header. What is no link between them is passed over.
///
/// ```
/// use httparallel_proto::links;
///
/// let links = links::parse("<https://example.org/2>; rel=\"next\", </>; rel=start");
/// assert_eq!(links[0].target, "https://example.org/2");
/// assert!(links[0].has_relation("next") && links[1].has_relation("start"));
/// ```
pub fn parse(value: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((_, begun)) = rest.split_once('<') {
        let Some((target, after)) = begun.split_once('>') else { break };
        let mut link = Link { target: target.trim().to_owned(), parameters: Vec::new() };
        rest = parameters(after, &mut link.parameters);
        found.push(link);
    }
    found
}

/// Takes parameters, each after a semicolon; what is left.
fn parameters<'a>(mut rest: &'a str, found: &mut Vec<(String, String)>) -> &'a str {
    while let Some(after) = rest.trim_start().strip_prefix(';') {
        let (name, after) = cut(after.trim_start(), |character| "=;,<".contains(character));
        let Some(value) = after.trim_start().strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, after) = text(value.trim_start());
        if !name.is_empty() && !found.iter().any(|(known, _)| known == name) {
            found.push((name.to_owned(), value));
        }
        rest = after;
    }
    rest
}

/// What comes before white space or a character that ends it.
fn cut(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(
        text.find(|character: char| character.is_whitespace() || ends(character)).unwrap_or(text.len()),
    )
}

/// A value: a quoted string, in single quotes, too, or what comes before the next parameter.
fn text(value: &str) -> (String, &str) {
    if let Some(single) = value.strip_prefix('\'')
        && let Some((text, after)) = single.split_once('\'')
    {
        return (text.to_owned(), after);
    }
    let Some(quoted) = value.strip_prefix('"') else {
        let (text, after) = cut(value, |character| ";,".contains(character));
        return (text.trim_matches(['"', '\'']).to_owned(), after);
    };
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (text, &quoted[index + 1..]),
            '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => text.push(character),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        let show = |link: Link| {
            let parameters = link.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
            link.target + &parameters.collect::<String>()
        };
        parse(value).into_iter().map(show).collect()
    }

    #[test]
    fn links_have_parameters() {
        assert_eq!(shown("<https://a/2>; rel='preload'"), ["https://a/2 rel=preload"]);
        assert_eq!(
            shown("</hub>; rel=\"hub\", </resource>;rel = self"),
            ["/hub rel=hub", "/resource rel=self"]
        );
        assert_eq!(shown("<https://a/b,c;d>;"), ["https://a/b,c;d"]);
        assert_eq!(shown("</>; title=\"a, b; c=d\"; rel=x"), ["/ title=a, b; c=d rel=x"]);
        assert_eq!(shown(r#"</>; title="a \"b\" \\"; x"#), [r#"/ title=a "b" \"#]);
        assert_eq!(shown("</>; rel=a; rel=b; flag; ; c=\"\""), ["/ rel=a c="]);
    }

    #[test]
    fn what_is_no_link_is_passed_over() {
        assert_eq!(shown("nonsense"), [""; 0]);
        assert_eq!(shown("a; b=c, < /x > ; rel=y, <unclosed"), ["/x rel=y"]);
        assert_eq!(shown("<a>; title=\"never closed, <b>"), ["a title=never closed, <b>"]);
        assert_eq!(shown("<a>; 'b <c>; =d, <e>"), ["a", "c", "e"]);
    }

    #[test]
    fn a_relation_is_one_of_a_list() {
        let link = parse("</>; REL=\"Next last\"").remove(0);
        assert!(link.has_relation("next") && link.has_relation("LAST") && !link.has_relation("nex"));
        assert_eq!(link.parameter("rel"), Some("Next last"));
    }
}

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// What is said to `http://host/`.
fn said(netrc: &Netrc, host: &str) -> Option<String> {
    netrc.authorization(&Url::parse(&format!("http://{host}/")).unwrap())
}

fn read(text: &str) -> Netrc {
    Netrc::parse(text).unwrap()
}

/// What the file says to the host `a.test`.
fn to_a(text: &str) -> Option<String> {
    said(&read(text), "a.test")
}

#[test]
fn words_may_be_parted_in_any_way() {
    for text in [
        "machine a.test login user password secret",
        "machine a.test\n\tlogin user\n\tpassword secret\n",
        "\r\n machine\r\na.test\r\npassword secret\r\nuser user\r\n\r\n",
        "machine a.test account x password secret login user",
        "\"machine\" \"a.test\" \"login\" \"user\" \"password\" \"secret\"",
        "machine b.test machine a.test login user password secret machine c.test login x password y",
    ] {
        assert_eq!(to_a(text), Some(basic("user", "secret")), "{text:?}");
    }
}

#[test]
fn passwords_may_hold_anything() {
    for (written, password) in [
        (r#""two words""#, "two words"),
        (r#""a \"quote\" and a \\""#, r#"a "quote" and a \"#),
        (r"two\ words", "two words"),
        (r#"inner"quote"#, r#"inner"quote"#),
        ("#secret", "#secret"),
        ("a#b", "a#b"),
        ("pässwörd€", "pässwörd€"),
        ("machine", "machine"),
        ("a:b", "a:b"),
    ] {
        let text = format!("machine a.test login user password {written}\nmachine b.test login x password y");
        assert_eq!(to_a(&text), Some(basic("user", password)), "{written}");
    }
}

#[test]
fn comments_stand_where_keywords_do() {
    let text = "# machine a.test login no password no\n#\n#x\nmachine a.test # login no\n  login user # password no\n\
                #password no\n  password secret\n# the end";
    assert_eq!(to_a(text), Some(basic("user", "secret")));
}

#[test]
fn macros_are_passed_over() {
    for text in [
        "macdef init\nmachine a.test login no password no\n\nmachine a.test login user password secret",
        "machine a.test login user password secret macdef init\n\tcd /pub\n\tbin\n\n",
        "machine a.test login user password secret\r\nmacdef init\r\npassword no\r\n\r\nmachine b.test",
        "machine a.test login user password secret\nmacdef init\nmachine a.test password no",
        "macdef one\n\nmacdef two\nx\n\n\nmachine a.test login user password secret macdef",
    ] {
        assert_eq!(to_a(text), Some(basic("user", "secret")), "{text:?}");
    }
}

#[test]
fn the_host_is_the_whole_name() {
    let netrc = read("machine a.test login user password secret");
    for host in ["b.a.test", "a.test.evil", "xa.test", "a.tes", "a"] {
        assert_eq!(said(&netrc, host), None, "{host}");
    }
    for host in ["A.Test", "a.test:8080", "x:y@a.test"] {
        assert_eq!(said(&netrc, host), Some(basic("user", "secret")), "{host}");
    }
    let spelt =
        read("machine bücher.test password a machine xn--mnchen-3ya.test password b machine ::1 password c");
    assert_eq!(said(&spelt, "bücher.test"), Some(basic("", "a")));
    assert_eq!(said(&spelt, "xn--bcher-kva.test"), Some(basic("", "a")));
    assert_eq!(said(&spelt, "münchen.test"), Some(basic("", "b")));
    assert_eq!(said(&spelt, "[::1]"), Some(basic("", "c")));
}

#[test]
fn the_default_is_for_hosts_that_are_not_named() {
    let netrc = read("machine a.test login user password secret\ndefault login anyone password any");
    assert_eq!(said(&netrc, "a.test"), Some(basic("user", "secret")));
    assert_eq!(said(&netrc, "b.test"), Some(basic("anyone", "any")));
    // A host of that name is no default.
    assert_eq!(said(&read("machine default login user password secret"), "a.test"), None);
}

#[test]
fn an_entry_without_a_password_is_the_hosts_all_the_same() {
    assert_eq!(to_a("machine a.test login user\ndefault login anyone password any"), None);
    assert_eq!(to_a("machine a.test login user password \"\""), None);
    assert_eq!(to_a("machine a.test password secret"), Some(basic("", "secret")));
}

#[test]
fn the_last_entry_counts() {
    let twice = "machine a.test login old password old\nmachine a.test login user password secret";
    assert_eq!(to_a(twice), Some(basic("user", "secret")));
    assert_eq!(
        to_a("default password old default login user password secret"),
        Some(basic("user", "secret"))
    );
    assert_eq!(to_a("machine a.test password old password secret"), Some(basic("", "secret")));
}

#[test]
fn what_cannot_be_read_is_named_by_its_line() {
    for (text, line) in [
        ("password secret", 1),
        ("\n\nmachine a.test login user secret", 3),
        ("machine a.test\nlogin user\npassword", 3),
        ("machine", 1),
        ("machine a.test password \"secret", 1),
        ("\"\" machine a.test", 1),
        ("default secret", 1),
        ("machine a.test login two words password secret", 1),
        ("macdef init\nx\n\nsecret", 4),
    ] {
        let error = Netrc::parse(text).unwrap_err().to_string();
        assert!(error.contains(&format!("in line {line},")), "{text:?}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn nothing_at_all_is_an_empty_file() {
    for text in ["", " \n\t\r\n", "#", "# x", "macdef", "macdef init\n\n"] {
        assert_eq!(read(text), Netrc::default(), "{text:?}");
    }
}

/// Whatever a file holds, reading it ends, and each beginning of it can be read or not.
#[test]
fn odd_files_are_read_or_refused() {
    let text = "# ä\nmachine a.test login \"us\\\"er\" password s\\ €t account x\r\nmacdef m\n\t\\\n\n#\ndefault user é";
    for (end, _) in text.char_indices() {
        for tail in ["", "\"", "\\", "#", "\n", "machine", "\u{feff}", "\0", "\u{2028}"] {
            let _ = Netrc::parse(&format!("{}{tail}", &text[..end]));
            let _ = Netrc::parse(&format!("{tail}{}", &text[end..]));
        }
    }
}

#[test]
fn its_debug_output_holds_no_password() {
    let netrc = read("machine a.test login user password secret default login user password secret");
    let shown = format!("{netrc:?}");
    assert!(shown.contains("a.test") && !shown.contains("secret") && !shown.contains("user"), "{shown}");
}

#[test]
fn only_anonymous_passwords_are_no_secret() {
    assert!(!read("machine a.test login anonymous password a@b.test default login anonymous").is_secret());
    assert!(read("machine a.test login anonymous password x default login user password y").is_secret());
    assert!(!read("").is_secret());
}

//! The environment names proxies, and a file for keys, to a client that is told of none. A program of its own, for
//! the environment is all of a process's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;

use httparallel::blocking::Client;
use httparallel::{Kind, Proxy, Verify};
use httparallel_testserver::{Options, TestServer};

#[test]
fn the_environment_is_asked_for_what_a_program_does_not_say() {
    let server = TestServer::start(Options::default()).unwrap();
    let address = server.proxy_url().replace("http://", "");
    let keys = std::env::temp_dir().join(format!("httparallel-keys-{}", std::process::id()));
    for (name, value) in [
        ("SSLKEYLOGFILE", keys.to_string_lossy().into_owned()),
        ("HTTP_PROXY", format!("proxy:secret@{address}")),
        ("HTTPS_PROXY", "gopher://secret.test".to_owned()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ] {
        // SAFETY: this is the only test of its program, and no other thread of it reads the environment now.
        unsafe { std::env::set_var(name, value) };
    }
    let echo = |client: &Client, url: &str| client.get(url).send().unwrap().text().to_string();

    for client in [Client::new(), Client::builder().build().unwrap()] {
        let text = echo(&client, "http://a.test/echo");
        assert!(text.contains(r#""target": "http://a.test/echo""#), "{text}");
        let direct = echo(&client, &format!("{}/echo", server.http_url()));
        assert!(direct.contains(r#""target": "/echo""#), "{direct}");
        let error = client.get("https://a.test").send().unwrap_err();
        assert_eq!(error.kind(), Kind::Proxy);
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }

    let untrusting = Client::builder().trust_env(false).connect_retries(0).build().unwrap();
    assert_eq!(untrusting.get("http://nowhere.invalid").send().unwrap_err().kind(), Kind::Network);

    let without = Client::builder().no_proxy().connect_retries(0).build().unwrap();
    assert_eq!(without.get("http://nowhere.invalid").send().unwrap_err().kind(), Kind::Network);

    let other = Proxy::new(&server.http_url()).unwrap();
    let text = echo(&Client::builder().proxy(other).build().unwrap(), "http://a.test/echo");
    assert!(text.contains("http://a.test/echo") && !text.contains("Proxy-Authorization"), "{text}");

    let secure = |trust| {
        let roots = Verify::Roots(server.ca_pem().into_bytes());
        let client = Client::builder().trust_env(trust).verify(roots).no_proxy().build().unwrap();
        assert_eq!(client.get(server.https_url()).send().unwrap().status(), 200);
    };
    secure(false);
    assert!(!keys.exists());
    secure(true);
    let written = std::fs::read_to_string(&keys).unwrap();
    assert!(written.contains("CLIENT_TRAFFIC_SECRET_0 "), "{written}");
    std::fs::remove_file(&keys).unwrap();

    the_environment_names_a_netrc_file(&server, &keys);
}

/// The file that `NETRC` names, or else `~/.netrc`, which has to be private.
fn the_environment_names_a_netrc_file(server: &TestServer, path: &std::path::Path) {
    let url = server.http_url() + "/echo";
    let builder = || Client::builder().no_proxy();
    let home = path.with_extension("home");
    let file = home.join(".netrc");
    std::fs::create_dir(&home).unwrap();
    // SAFETY: as above.
    unsafe { std::env::set_var("HOME", &home) };
    assert!(builder().netrc().build().is_err());
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    for (text, open, is_read) in [
        ("machine 127.0.0.1 login user password secret", 0o600, true),
        ("machine 127.0.0.1 login user password secret", 0o640, false),
        ("machine 127.0.0.1 login anonymous password a@b.test", 0o644, true),
    ] {
        std::fs::write(&file, text).unwrap();
        mode(open);
        let client = builder().netrc().build();
        assert_eq!(client.is_ok(), is_read, "{text} {open:o}");
        assert!(client.is_err() || client.unwrap().get(&url).send().unwrap().text().contains("Basic "));
        // Unless it is asked for.
        assert!(!builder().build().unwrap().get(&url).send().unwrap().text().contains("Basic "));
    }
    let named = home.join("named");
    std::fs::write(&named, "machine 127.0.0.1 login other password secret").unwrap();
    // SAFETY: as above.
    unsafe { std::env::set_var("NETRC", &named) };
    let client = builder().netrc().build().unwrap();
    assert!(client.get(&url).send().unwrap().text().contains("Basic b3RoZXI6c2VjcmV0"));
    std::fs::remove_dir_all(&home).unwrap();
}

//! The proxies that the environment names are those of a client that is told of none. A program of its own, for
//! the environment is all of a process's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use httparallel::blocking::Client;
use httparallel::{Kind, Proxy};
use httparallel_testserver::{Options, TestServer};

#[test]
fn the_environment_names_the_proxies_of_a_client() {
    let server = TestServer::start(Options::default()).unwrap();
    let address = server.proxy_url().replace("http://", "");
    for (name, value) in [
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

    let without = Client::builder().no_proxy().connect_retries(0).build().unwrap();
    assert_eq!(without.get("http://nowhere.invalid").send().unwrap_err().kind(), Kind::Network);

    let other = Proxy::new(&server.http_url()).unwrap();
    let text = echo(&Client::builder().proxy(other).build().unwrap(), "http://a.test/echo");
    assert!(text.contains("http://a.test/echo") && !text.contains("Proxy-Authorization"), "{text}");
}

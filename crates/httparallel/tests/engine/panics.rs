//! Panics on the I/O thread, caused by the one part of a program that it calls: wakers.

use std::sync::Arc;
use std::task::Wake;

use httparallel::{Engine, Listener};

use crate::common::{Driver, count, eventually, finish, get, h2c, limited, send, server, settings};

struct Faulty;

impl Wake for Faulty {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics, as this test wants");
    }
}

#[test]
fn a_waker_that_panics_frees_its_place_and_harms_no_other_request() {
    for mut config in [limited(1), h2c()] {
        config.limits.max_connections = Some(1);
        let server = server();
        let engine = Engine::new(config);
        for _ in 0..3 {
            let url = server.http_url() + "/delay/20";
            let operation = engine.start(get(&url), settings(Driver::IoThread), None).unwrap();
            assert!(operation.listen(Listener::Waker(Arc::new(Faulty).into())));
            eventually("over", || operation.is_over());
            assert_eq!(finish(&operation).unwrap().status(), 200);
            eventually("nothing is active", || count(&engine, "ACTIVE") == 0);
            assert_eq!(send(&engine, get(&server.http_url()), Driver::IoThread).unwrap().status(), 200);
        }
    }
}

//! Content of requests that is not bytes at hand: readers, streams, and values of the program's.

use std::io::Read;

use bytes::Bytes;
use futures_core::Stream;
use httparallel_proto::Result;

use super::client::Client;
use super::request::RequestBuilder;
use super::upload::{Payload, Source};

impl<C> RequestBuilder<C> {
    /// Sets the content to what a reader gives until its end, such as a file: it is read while it is sent, so it is
    /// not in memory as a whole.
    ///
    /// `length`, if it is known, becomes `Content-Length`, and the request fails unless the reader gives as many
    /// bytes. Otherwise the content goes in chunks, which not every server takes.
    ///
    /// It is read once: a request that would have to be sent again, after a redirect that keeps the content, fails.
    /// A blocking request reads it on its own thread, any other on a thread that ends with the content; a reader
    /// that blocks for ever keeps it.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/upload";
    /// # let path = std::env::temp_dir().join(format!("httparallel-upload-{}", std::process::id()));
    /// # std::fs::write(&path, vec![1; 1_000_000])?;
    /// let file = std::fs::File::open(&path)?;
    /// let length = file.metadata()?.len();
    /// let client = httparallel::blocking::Client::new();
    /// let response = client.put(url).body_reader(file, length).send()?;
    /// assert!(response.text().contains("1000000"));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body_reader(self, reader: impl Read + Send + 'static, length: impl Into<Option<u64>>) -> Self {
        self.change(|draft| {
            draft.payload = Payload::Source(Source::reader(reader), length.into());
            Ok(())
        })
    }
}

impl RequestBuilder<Client> {
    /// Sets the content to a stream of pieces, which is polled by the future that waits for the response. Its
    /// length, and being read once, are as with [`body_reader`](Self::body_reader).
    ///
    /// Such a request cannot be given to a parallel block.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/echo-body";
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::stream;
    /// use httparallel::Error;
    ///
    /// let pieces = stream::iter([Ok::<_, Error>("one ".into()), Ok("two".into())]);
    /// let response = httparallel::Client::new().post(url).body_stream(pieces, None).send().await?;
    /// assert_eq!(response.text(), "one two");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body_stream<S, E>(self, stream: S, length: impl Into<Option<u64>>) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.change(|draft| {
            draft.payload = Payload::Source(Source::stream(stream), length.into());
            Ok(())
        })
    }
}

#[cfg(feature = "form")]
impl<C> RequestBuilder<C> {
    /// Adds a value's fields to the URL's query: a struct, a map or a list of pairs, of plain values. What is
    /// `None` is left out.
    ///
    /// ```
    /// # let server = httparallel_testserver::TestServer::start(Default::default())?;
    /// # let url = server.http_url() + "/echo";
    /// #[derive(serde::Serialize)]
    /// struct Search<'a> {
    ///     text: &'a str,
    ///     page: Option<u32>,
    /// }
    ///
    /// let client = httparallel::blocking::Client::new();
    /// let echo = client.get(url).query_from(&Search { text: "a b", page: Some(2) }).send()?;
    /// assert!(echo.text().contains("/echo?text=a+b&page=2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn query_from<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        self.change(|draft| {
            let added = form_of(value)?;
            let query = [draft.url.query().unwrap_or_default(), &added];
            let query: Vec<_> = query.into_iter().filter(|part| !part.is_empty()).collect();
            draft.url = draft.url.with().query((!query.is_empty()).then_some(&*query.join("&"))).build()?;
            Ok(())
        })
    }

    /// Sets the content to a form of a value's fields, as [`query_from`](Self::query_from) takes them, and
    /// `Content-Type: application/x-www-form-urlencoded`.
    pub fn form_from<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        match form_of(value) {
            Ok(form) => self.typed_body("application/x-www-form-urlencoded", form),
            Err(error) => self.change(|_| Err(error)),
        }
    }
}

#[cfg(feature = "form")]
fn form_of<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_urlencoded::to_string(value).map_err(|error| {
        crate::Error::invalid_request("The value cannot be written as a form").with_source(error)
    })
}

//! What a URL can be given as.

use httparallel_proto::{Result, Url};

/// A URL, or text that is parsed as one: `&str`, `String`, [`Url`], `http::Uri`.
///
/// It may be a relative reference if the client has a
/// [base URL](crate::ClientBuilder::base_url). The trait is sealed.
pub trait IntoUrl: sealed::Sealed {
    /// Parses the text. Fails with [`Kind::InvalidUrl`](crate::Kind::InvalidUrl).
    fn into_url(self) -> Result<Url>;
}

impl IntoUrl for Url {
    fn into_url(self) -> Result<Url> {
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self) -> Result<Url> {
        Ok(self.clone())
    }
}

impl IntoUrl for &str {
    fn into_url(self) -> Result<Url> {
        Url::parse(self)
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url> {
        Url::parse(&self)
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url> {
        Url::parse(self)
    }
}

impl IntoUrl for http::Uri {
    fn into_url(self) -> Result<Url> {
        Url::parse(&self.to_string())
    }
}

impl IntoUrl for &http::Uri {
    fn into_url(self) -> Result<Url> {
        Url::parse(&self.to_string())
    }
}

mod sealed {
    use httparallel_proto::Url;

    pub trait Sealed {}

    impl Sealed for Url {}
    impl Sealed for &Url {}
    impl Sealed for &str {}
    impl Sealed for String {}
    impl Sealed for &String {}
    impl Sealed for http::Uri {}
    impl Sealed for &http::Uri {}
}

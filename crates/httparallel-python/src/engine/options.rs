//! What the connections of one request are otherwise than those of its engine.

use std::sync::Arc;

use httparallel::{Overrides, ProxyChoice, Verify};
use pyo3::prelude::*;

use super::errors::exception;
use super::proxies::{ProxyArgument, proxy as proxy_of};

/// `True` for the platform's roots, `False` for no verification, or the bytes of a PEM file.
///
/// Tried in this order: what is no `bytes` and no `list` is a sequence if `collections.abc` says so, and a program that
/// has not loaded that waits a millisecond for it.
#[derive(FromPyObject)]
pub(super) enum VerifyArgument {
    Switch(bool),
    Roots(Vec<u8>),
}

impl From<VerifyArgument> for Verify {
    fn from(argument: VerifyArgument) -> Self {
        match argument {
            VerifyArgument::Switch(true) => Self::Platform,
            VerifyArgument::Switch(false) => Self::DangerousNone,
            VerifyArgument::Roots(pem) => Self::Roots(pem),
        }
    }
}

/// A proxy and a way to verify servers, for requests that want others than their engine's.
///
/// `proxy` is as for `Engine`; with `direct` there is none, and without either it is the engine's. `verify` is as for
/// `Engine`, and the engine's if it is `None`. Requests share a connection only if they agree in both.
#[pyclass(frozen, module = "httparallel._native")]
pub(crate) struct ConnectionOptions {
    proxy: Option<ProxyChoice>,
    verify: Option<Arc<Verify>>,
}

#[pymethods]
impl ConnectionOptions {
    #[new]
    #[pyo3(signature = (*, proxy=None, direct=false, verify=None))]
    fn new(
        py: Python<'_>,
        proxy: Option<ProxyArgument>,
        direct: bool,
        verify: Option<VerifyArgument>,
    ) -> PyResult<Self> {
        let proxy = match proxy {
            Some(given) => {
                let proxy = proxy_of(given).map_err(|error| exception(py, &error))?;
                Some(ProxyChoice::Through(Arc::new(proxy)))
            }
            None => direct.then_some(ProxyChoice::Direct),
        };
        Ok(Self { proxy, verify: verify.map(|given| Arc::new(given.into())) })
    }
}

impl ConnectionOptions {
    /// What a request does otherwise, these options included.
    pub(super) fn apply(&self, mut overrides: Overrides) -> Overrides {
        if let Some(proxy) = &self.proxy {
            overrides = overrides.with_proxy(proxy.clone());
        }
        if let Some(verify) = &self.verify {
            overrides = overrides.with_verify(verify.clone());
        }
        overrides
    }
}

//! What a client remembers of a server's challenge: later requests are authenticated at once.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::hash::hexadecimal;
use super::{Credentials, Offer};

/// User name and password for one origin, and the last challenge of its server. Shared by requests that run side
/// by side.
pub struct Session {
    username: String,
    password: String,
    seed: [u8; 32],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    offer: Option<Offer>,
    /// How many requests have answered it.
    count: u32,
    /// How many offers there were.
    offers: u64,
}

impl Session {
    /// A session that has seen no challenge. The client nonces are derived from `seed`, which is to be random:
    /// nobody may foresee them.
    pub fn new(username: impl Into<String>, password: impl Into<String>, seed: [u8; 32]) -> Self {
        let state = Mutex::default();
        Self { username: username.into(), password: password.into(), seed, state }
    }

    /// The value of `Authorization` for a request that is about to be sent; `None` before the first challenge.
    pub fn authorize(&self, method: &str, target: &str) -> Option<Bytes> {
        let mut state = self.state();
        state.offer.is_some().then(|| self.answer(&mut state, method, target))?
    }

    /// The value of `Authorization` for a request whose answer was this challenge.
    pub fn challenged(&self, offer: Offer, method: &str, target: &str) -> Option<Bytes> {
        let mut state = self.state();
        // Others may have answered the same nonce meanwhile: it has one count for all.
        if state.offer.as_ref().is_none_or(|known| known.nonce() != offer.nonce()) {
            state.count = 0;
            state.offers += 1;
        }
        state.offer = Some(offer);
        self.answer(&mut state, method, target)
    }

    fn answer(&self, state: &mut State, method: &str, target: &str) -> Option<Bytes> {
        state.count = state.count.saturating_add(1);
        let client_nonce = self.client_nonce(state.offers);
        let credentials =
            Credentials { username: self.username.as_bytes(), password: self.password.as_bytes() };
        let offer = state.offer.as_ref()?;
        Some(offer.answer(credentials, method, target, state.count, &client_nonce).into())
    }

    /// One for each of the server's nonces, so that the keys of `-sess` algorithms, which are made of both, stay
    /// the same as long as the server expects them to (RFC 7616 section 3.4.2).
    fn client_nonce(&self, offers: u64) -> String {
        let digest = Sha256::new().chain_update(self.seed).chain_update(offers.to_be_bytes()).finalize();
        hexadecimal(&digest[..16])
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the credentials.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

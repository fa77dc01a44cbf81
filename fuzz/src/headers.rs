//! Header lists, against the plainest list that does the same.

use httparallel_proto::Headers;
use httparallel_proto::headers::{check_name, check_value};

use crate::Input;

/// After any operations the list holds what the model holds, and answers alike.
///
/// Lines: an operation, by its first byte, then `name:value`.
pub fn headers(data: &[u8]) {
    let mut input = Input::new(data);
    let mut headers = Headers::new();
    let mut model = Model::default();
    while !input.is_empty() {
        let operation = input.byte();
        let line = input.line();
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = (&line[..colon], line.get(colon + 1..).unwrap_or_default());
        match operation % 3 {
            0 => {
                headers.append(name.to_vec(), value.to_vec());
                model.0.push((name.to_vec(), value.to_vec()));
            }
            1 => {
                headers.set(name.to_vec(), value.to_vec());
                model.set(name, value);
            }
            _ => assert_eq!(headers.remove(name), model.remove(name)),
        }
        check(&headers, &model, name);
    }
}

#[derive(Default)]
struct Model(Vec<(Vec<u8>, Vec<u8>)>);

impl Model {
    fn remove(&mut self, name: &[u8]) -> bool {
        let before = self.0.len();
        self.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.0.len() < before
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        let place = self.0.iter().position(|(other, _)| other.eq_ignore_ascii_case(name));
        self.remove(name);
        self.0.insert(place.unwrap_or(self.0.len()), (name.to_vec(), value.to_vec()));
    }

    fn values(&self, name: &[u8]) -> Vec<&[u8]> {
        let named = self.0.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice()).collect()
    }
}

fn check(headers: &Headers, model: &Model, name: &[u8]) {
    let all: Vec<_> = headers.iter().map(|header| (header.name.to_vec(), header.value.to_vec())).collect();
    assert_eq!(all, model.0);
    assert_eq!((headers.len(), headers.is_empty()), (model.0.len(), model.0.is_empty()));

    let values = model.values(name);
    assert_eq!(headers.contains(name), !values.is_empty());
    assert_eq!(headers.get(name).map(|value| &value[..]), values.first().copied());
    if let Ok(name) = std::str::from_utf8(name) {
        assert!(headers.get_all(name).map(|value| &value[..]).eq(values.iter().copied()));
    }

    let is_sound = model.0.iter().all(|(name, value)| {
        let injects = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        let is_legal = check_name(name).is_ok() && check_value(name, value).is_ok();
        assert!(!(is_legal && (injects(name) || injects(value) || name.contains(&b':'))), "an injection");
        is_legal
    });
    assert_eq!(headers.check().is_ok(), is_sound);
}

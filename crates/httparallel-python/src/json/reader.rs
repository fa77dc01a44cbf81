//! From what the parser finds in a document to Python objects, in one pass.

use std::cell::OnceCell;
use std::fmt;

use memchr::memmem;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyList};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use sonic_rs::Deserializer as Parser;

use super::texts::Texts;

/// How long, in bytes, a key is that is looked for among those of other objects.
const LONGEST_KEY: usize = 32;

/// How long a value is that is looked for. The longer ones seldom repeat, and to look costs time.
const LONGEST_VALUE: usize = 16;

/// 2⁶³. The parser gives integers that have no room in 64 bits as this or more.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// What reading one document needs in all of its parts.
struct Reader<'py, 'd> {
    py: Python<'py>,
    document: &'d [u8],
    keys: Texts<'py>,
    /// Apart from the keys, which values that come but once would soon have replaced.
    values: Texts<'py>,
    /// The items of all arrays that are open, the innermost last: a list is made when its length is known.
    items: Vec<Bound<'py, PyAny>>,
    /// Asked for only where it matters, and then once.
    minus_zero: OnceCell<bool>,
}

impl Reader<'_, '_> {
    /// Whether there is something like `-0`, `-0.0` or `-0e1` in the document. The parser reads it as `0.0`, and for
    /// Python the first one is an integer.
    fn may_have_minus_zero(&self) -> bool {
        *self.minus_zero.get_or_init(|| {
            memmem::find_iter(self.document, "-0").any(|at| {
                let digit = self.document[at + 1..].iter().find(|byte| !matches!(byte, b'0' | b'.'));
                !digit.is_some_and(u8::is_ascii_digit)
            })
        })
    }
}

/// The value of a document. `None` if it is one for `json.loads`; why does not matter, that will find it again.
pub(super) fn read<'py>(py: Python<'py>, document: &[u8]) -> Option<Bound<'py, PyAny>> {
    let mut reader = Reader {
        py,
        document,
        keys: Texts::new(py, document, LONGEST_KEY),
        values: Texts::new(py, document, LONGEST_VALUE),
        items: Vec::new(),
        minus_zero: OnceCell::new(),
    };
    // It stops by itself where arrays and objects are nested so deeply that they could use up the stack.
    let mut parser = Parser::from_slice(document);
    let value = Value(&mut reader).deserialize(&mut parser).ok()?;
    parser.end().ok()?;
    Some(value)
}

/// Reads a key.
struct Key<'r, 'py, 'd>(&'r mut Reader<'py, 'd>);

impl<'d, 'py> DeserializeSeed<'d> for Key<'_, 'py, '_> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'d>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl<'py> Visitor<'_> for Key<'_, 'py, '_> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.keys.string(text).into_any())
    }
}

/// Reads whatever comes.
struct Value<'r, 'py, 'd>(&'r mut Reader<'py, 'd>);

impl<'d, 'py> DeserializeSeed<'d> for Value<'_, 'py, '_> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'d>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'d, 'py> Visitor<'d> for Value<'_, 'py, '_> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.py.None().into_bound(self.0.py))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(PyBool::new(self.0.py, value).to_owned().into_any())
    }

    fn visit_i64<E: Error>(self, int: i64) -> Result<Self::Value, E> {
        int.into_bound_py_any(self.0.py).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, int: u64) -> Result<Self::Value, E> {
        int.into_bound_py_any(self.0.py).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<Self::Value, E> {
        if float.abs() >= TOO_LARGE || (float == 0.0 && self.0.may_have_minus_zero()) {
            return Err(E::custom("perhaps an integer, or minus zero"));
        }
        Ok(PyFloat::new(self.0.py, float).into_any())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.values.string(text).into_any())
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let outer = self.0.items.len();
        while let Some(item) = array.next_element_seed(Value(self.0))? {
            self.0.items.push(item);
        }
        let list = PyList::new(self.0.py, self.0.items.drain(outer..)).map_err(A::Error::custom)?;
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'d>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let dict = PyDict::new(self.0.py);
        while let Some(key) = object.next_key_seed(Key(self.0))? {
            let value = object.next_value_seed(Value(self.0))?;
            dict.set_item(key, value).map_err(A::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}

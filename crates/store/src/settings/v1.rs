//! Version 1, the first. Frozen: a change of the shape is a new file with a step from 1 to 2.
//!
//! Before it there was no `version`; `"version": 0` is what a careless hand writes, and means this shape.

use serde_json::Value;

pub(super) fn from_unversioned(document: &mut Value) {
    if let Some(object) = document.as_object_mut() {
        object.insert("version".to_owned(), Value::from(1));
    }
}

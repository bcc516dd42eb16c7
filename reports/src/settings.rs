//! Values of settings for programs.

use serde_json::Value;

/// A value as a scenario file or a command line has it, as JSON: numbers and yes or no as themselves, all else as text.
pub(crate) fn json(value: &str) -> Value {
    let read: Option<Value> = serde_json::from_str(value).ok();
    read.filter(|read| !read.is_array() && !read.is_object()).unwrap_or_else(|| value.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn numbers_are_numbers_and_spans_are_text() {
        let table = [("4", json!(4)), ("0.5", json!(0.5)), ("true", json!(true)), ("30s", json!("30s"))];
        for (value, read) in
            table.into_iter().chain([("\"30s\"", json!("30s")), ("100%", json!("100%")), ("[1]", json!("[1]"))])
        {
            assert_eq!(super::json(value), read);
        }
    }
}

//! Packets of Socket.IO (protocol 5), as far as a server needs them that tells
//! and does not listen. Engine.IO below it carries each as one message.

use serde::Serialize;
use serde_json::{Value, json};

/// The namespace that everything is told in.
pub(super) const ROOT: &str = "/";

/// What a client may say that matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming<'a> {
    /// It wants to be told what happens in a namespace.
    Connect {
        /// Which.
        namespace: &'a str,
        /// What it says beside that: JSON, or nothing.
        auth: &'a str,
    },
    /// It has heard enough.
    Disconnect,
}

impl<'a> Incoming<'a> {
    /// Reads a packet; `None` for one that does not matter here.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(1)?;
        let (namespace, auth) = if rest.starts_with('/') {
            rest.split_once(',').unwrap_or((rest, ""))
        } else {
            (ROOT, rest)
        };
        match kind {
            "0" => Some(Self::Connect { namespace, auth }),
            "1" if namespace == ROOT => Some(Self::Disconnect),
            _ => None,
        }
    }
}

/// The client is connected.
pub(super) fn connected(session: &str) -> String {
    format!("0{}", json!({"sid": session}))
}

/// The client is not connected, and why; `data` for its program.
pub(super) fn refused(namespace: &str, message: &str, data: &Value) -> String {
    let why = json!({"message": message, "data": data});
    match namespace {
        ROOT => format!("4{why}"),
        other => format!("4{other},{why}"),
    }
}

/// An event with one argument.
pub(super) fn event(name: &str, argument: &impl Serialize) -> String {
    // Neither a string nor JSON from the store can fail to be written.
    let event = serde_json::to_string(&(name, argument)).unwrap_or_default();
    format!("2{event}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_is_read() {
        let connect = |namespace, auth| Some(Incoming::Connect { namespace, auth });
        for (text, read) in [
            ("0", connect("/", "")),
            (
                r#"0{"token":"a/b,c"}"#,
                connect("/", r#"{"token":"a/b,c"}"#),
            ),
            ("0/admin,", connect("/admin", "")),
            (r#"0/admin,{"a":1}"#, connect("/admin", r#"{"a":1}"#)),
            ("0/admin", connect("/admin", "")),
            ("1", Some(Incoming::Disconnect)),
            ("1/admin,", None),
            (r#"2["emit",1]"#, None),
            (r#"51-["file",{"_placeholder":true,"num":0}]"#, None),
            ("", None),
            ("ß", None),
        ] {
            assert_eq!(Incoming::read(text), read, "{text}");
        }
    }

    #[test]
    fn what_is_told_is_written() {
        assert_eq!(connected("a"), r#"0{"sid":"a"}"#);
        assert_eq!(
            refused("/", "no", &json!({"status": 401})),
            r#"4{"data":{"status":401},"message":"no"}"#
        );
        assert_eq!(
            refused("/admin", "no", &Value::Null),
            r#"4/admin,{"data":null,"message":"no"}"#
        );
        assert_eq!(
            event("job_created", &json!({"job_id": 1})),
            r#"2["job_created",{"job_id":1}]"#
        );
    }
}

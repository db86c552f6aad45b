//! No payload makes the reading of an envelope or of a request panic, and what was read is written
//! so that it reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smartopol_protocol::{Envelope, Incoming, Request};

fuzz_target!(|payload: &[u8]| {
    let Ok(Incoming::Known(envelope)) = Envelope::parse(payload) else {
        return;
    };
    if let Envelope::Request(raw) = &*envelope {
        let params = raw.params.as_deref();
        match Request::parse(&raw.method, params) {
            Ok(request) => drop(format!("{request:?}")),
            Err(fault) => assert!(!fault.message.is_empty()),
        }
    }
    let written = envelope.to_json().unwrap();
    let Ok(Incoming::Known(again)) = Envelope::parse(&written) else {
        panic!("{}", String::from_utf8_lossy(&written));
    };
    assert_eq!(written, again.to_json().unwrap());
});

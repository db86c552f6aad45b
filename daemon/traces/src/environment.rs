//! Which variables of an environment hold secrets.

use std::ffi::OsStr;

use smartopol_config::Secret;

use crate::known::SECRET_BYTES;
use crate::name;

/// Returns the values of the variables whose names say that they are secret.
///
/// Short values and paths are no secrets.
pub fn env_secrets<K, V>(env: impl IntoIterator<Item = (K, V)>) -> impl Iterator<Item = Secret>
where
    K: AsRef<OsStr>,
    V: AsRef<OsStr>,
{
    env.into_iter().filter_map(|(key, value)| {
        let key = key.as_ref().to_str()?;
        let value = value.as_ref().to_str()?.trim();
        let is_secret = says_so(key)
            && value.len() >= SECRET_BYTES
            && !value.starts_with(['/', '~', '.'])
            && value.bytes().any(|byte| byte != b'0');
        is_secret.then(|| Secret::new(value))
    })
}

fn says_so(key: &str) -> bool {
    let upper = key.to_uppercase();
    let ends = ["_KEY", "_PASS", "_PWD", "_PAT", "_DSN"];
    ends.iter().any(|end| upper.ends_with(end)) || name::secret(key, &[]).is_some()
}

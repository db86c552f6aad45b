//! One value, its file, and the comparison of the two.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

type ReadBack = Box<dyn Fn(&Value) -> Result<(), String>>;

/// A value that has a file.
pub(crate) struct Golden {
    name: String,
    json: String,
    read_back: ReadBack,
}

/// Returns the folder of the files.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire")
}

impl Golden {
    /// A value that is compared after it is read back.
    pub(crate) fn new<T>(name: impl Into<String>, value: T) -> Self
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
    {
        let json = pretty(&value);
        Self::with(name, json, move |found| same(&value, found))
    }

    /// A value that says itself how it is read back.
    pub(crate) fn with(
        name: impl Into<String>,
        json: String,
        read_back: impl Fn(&Value) -> Result<(), String> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            json,
            read_back: Box::new(read_back),
        }
    }

    /// Returns the name of its file.
    pub(crate) fn file(&self) -> String {
        format!("{}.json", self.name)
    }

    /// Compares it with its file, or writes the file where that is asked for.
    pub(crate) fn check(&self) -> Result<(), String> {
        let path = folder().join(self.file());
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
            fs::write(&path, &self.json).unwrap();
        }
        let text = fs::read_to_string(&path).map_err(|err| format!("{}: {err}", self.file()))?;
        let found: Value =
            serde_json::from_str(&text).map_err(|err| format!("{}: {err}", self.file()))?;
        let now: Value = serde_json::from_str(&self.json).unwrap();
        if found != now {
            return Err(format!(
                "{} says\n{text}\nand it is now\n{}",
                self.file(),
                self.json
            ));
        }
        (self.read_back)(&found).map_err(|err| format!("{}: {err}", self.file()))
    }
}

/// Returns the text of a file.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// Reads a value back and compares.
pub(crate) fn same<T>(value: &T, json: &Value) -> Result<(), String>
where
    T: DeserializeOwned + PartialEq + Debug,
{
    // From text, as on the wire: some types borrow from it.
    match serde_json::from_str::<T>(&json.to_string()) {
        Ok(read) if read == *value => Ok(()),
        Ok(read) => Err(format!("read back as {read:?}")),
        Err(err) => Err(format!("not read back: {err}")),
    }
}

//! Providers: who there is, and whether they answer.

use smartopol_protocol::model::{ListedProviders, TestProvider, TestedProvider};
use smartopol_protocol::{Code, Fault};

use crate::House;

pub(crate) async fn list(house: &House) -> Result<ListedProviders, Fault> {
    Ok(ListedProviders {
        providers: house.providers()?.list(),
    })
}

pub(crate) async fn test(house: &House, test: TestProvider) -> Result<TestedProvider, Fault> {
    let providers = house.providers()?;
    let name = match &test.model {
        Some(model) => format!("{}/{model}", test.name),
        None => test.name.clone(),
    };
    let target = providers.resolve(Some(&name)).map_err(|err| {
        Fault::new(Code::NotFound, err.to_string()).hint("see them with: smartopol providers list")
    })?;
    providers
        .test(&target)
        .await
        .map_err(|err| Fault::new(Code::Unavailable, err.message).hint(err.hint))
}

//! stub
use crate::app::App;
use crate::link::Link;
use crate::runtime::Clock;
pub(crate) async fn run(_a: App, _l: Link, _c: Clock) -> std::io::Result<()> {
    Ok(())
}

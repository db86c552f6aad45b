//! The console through its public face: what a person sees, and what keys do.

#[path = "../examples/house/mod.rs"]
mod house;

mod cards;
mod chaos;
mod inbox;
mod jobs;
mod keys;
mod lab;
mod memory;
mod mouse;
mod palette;
mod questions;
mod reading;
mod replay;
mod screens;
mod sessions;
mod terminals;
mod traces;
mod users;
mod writing;

use house::House;
use smartopol_protocol::SessionId;
use smartopol_tui::headless::Headless;

/// Returns a console that is connected and shows a session.
fn attached(house: &mut House, id: SessionId, width: u16, height: u16) -> Headless {
    house.take();
    let mut console = Headless::new(width, height, house.at());
    settle(&mut console, house, id, false);
    console
}

fn settle(console: &mut Headless, house: &House, id: SessionId, offline: bool) {
    console.connect(house.snapshot());
    let mut status = house::status();
    if offline {
        (status.provider, status.model) = ("offline".into(), "offline".into());
    }
    console.status(status);
    console.providers(house::providers(offline));
    console.open(house.shown(id, None, 200));
    console.screen();
    console.asked();
}

/// Tells a console what happened.
fn tell(console: &mut Headless, house: &mut House) {
    for event in house.take() {
        console.event(event);
    }
    console.screen();
}

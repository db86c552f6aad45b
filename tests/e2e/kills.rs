//! A short run of the crash harness; `scripts/crash` is the long one.

use smartopol_testkit::crash::{Plan, run};

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_while_people_use_it_nothing_promised_is_lost() {
    let plan = Plan {
        program: env!("CARGO_BIN_EXE_smartopol").into(),
        kills: 12,
        seed: u64::from(std::process::id()),
    };
    match run(&plan, |_| ()).await {
        Ok(report) => {
            eprintln!("{report}");
            // How much is said in a life is a matter of the machine; that something is, is not.
            assert!(report.kills > 4, "{report}");
            assert!(report.messages as u64 > report.kills, "{report}");
        }
        Err(err) => panic!("{err:#}"),
    }
}

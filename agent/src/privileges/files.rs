//! Files (Landlock, kernel 5.13): all may be read, none made, written or executed.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetStatus, path_beneath_rules,
};

use super::directory_of;

/// What is asked for; an older kernel takes the part that it knows. Ports are from 6.7 on.
const ABI_ASKED_FOR: ABI = ABI::V4;

/// Whether this kernel has Landlock and it is on: tried, without restricting anything.
pub fn has_landlock() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .is_ok_and(|rules| rules.create().is_ok())
}

pub(super) fn restrict(own_sockets: &[PathBuf]) -> Result<String, String> {
    let rules = || {
        let reading = AccessFs::ReadFile | AccessFs::ReadDir;
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI_ASKED_FOR))?
            // Those of the API are bound already.
            .handle_access(AccessNet::BindTcp)?
            .create()?
            .add_rules(path_beneath_rules(["/"], reading))?
            .add_rules(path_beneath_rules(
                own_sockets.iter().map(|path| directory_of(path)),
                AccessFs::RemoveFile,
            ))?
            .restrict_self()
    };
    match rules() {
        Ok(status) => match status.ruleset {
            RulesetStatus::FullyEnforced => Ok("read only, and no new ports".to_owned()),
            RulesetStatus::PartiallyEnforced => Ok("read only, as far as this kernel knows Landlock".to_owned()),
            RulesetStatus::NotEnforced => Err("this kernel has no Landlock".to_owned()),
        },
        Err(error) => Err(error.to_string()),
    }
}

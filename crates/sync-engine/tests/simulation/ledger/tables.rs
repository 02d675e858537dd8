//! What the ledger knows of a table from its neighbours and from the selection.

use std::collections::BTreeSet;

use super::{Account, Ledger, Opening};
use crate::history::{Kind, Place};
use crate::settings::{Key, Settings};
use crate::world::World;

impl Ledger {
    /// What is known of the same table of the same database on other servers.
    pub(super) fn siblings(&self, place: Place, name: &str) -> impl Iterator<Item = &Account> {
        let others = self.accounts.iter().filter(move |((at, of), _)| {
            at.database == place.database && at.server != place.server && of == name
        });
        others.map(|(_, account)| account)
    }

    /// The time from which on nothing is demanded of a table. A bound that has gone back leaves
    /// what another server has overwritten beyond it as it is, until its time comes again.
    pub(crate) fn horizon(&self, place: Place, name: &str) -> i64 {
        match self.siblings(place, name).next() {
            Some(_) => self.begun.last().map_or(i64::MAX, |last| last.upper),
            None => i64::MAX,
        }
    }

    pub(super) fn hide(
        &mut self,
        world: &World,
        settings: &Settings,
        name: &str,
        opening: &mut Opening,
    ) {
        let account = self.accounts.get_mut(&(settings.place, name.to_owned()));
        let Some(account) = account else { return };
        let Some((position, _)) = opening.there.get(name) else { return };
        let is_key = |kind: Kind| settings.shape.key == Key::TagsAndTime && kind == Kind::Tag;
        let columns = world.measurements[*position].columns_at(opening.began);
        let columns = columns.filter(|(_, kind)| !is_key(*kind)).map(|(column, _)| column);
        let table = settings.table(name);
        let hidden = columns.chain(["time"]).filter(|column| settings.wanted.hides(table, column));
        let hidden: BTreeSet<_> = hidden.map(str::to_owned).collect();
        account.ever_hidden.extend(hidden.iter().cloned());
        opening.hidden.insert(name.to_owned(), hidden);
    }
}

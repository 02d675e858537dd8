//! Columns that change while a table is read.

use std::sync::Arc;

use sync_core::{Sink, SyncError};

use super::TableSync;
use crate::state::{Change, Position, RowShape};
use crate::sync::Session;
use crate::table::columns::{announce, compare, other_key_tags};
use crate::table::{Choice, SourceTable, TableFailure};
use crate::time_series::TimeSeries;

/// How often columns are listed again without a window that could be read then.
const MOST_RELISTED: usize = 6;

impl<D: TimeSeries, S: Sink> TableSync<'_, '_, D, S> {
    /// Lists the columns again, since an answer had others.
    pub(super) async fn relist(&mut self) -> Result<(), TableFailure> {
        let Session { database, settings, selection, progress, .. } = self.session;
        self.is_changed = false;
        self.relisted += 1;
        if self.relisted > MOST_RELISTED {
            return Err(TableFailure::Parked(unlike_its_list(D::PROFILE.name, self.measurement())));
        }
        if self.relisted > 1 {
            // The list may lag behind, or several servers answer that do not know the same.
            tokio::time::sleep(self.waits.next_or_longest()).await;
        }
        let infos = settings.retry.run(|| database.tables()).await?;
        let info = infos.into_iter().find(|info| info.name == self.measurement());
        let info = info.ok_or(TableFailure::Dropped)?;
        let source = SourceTable::new(info, settings, &D::PROFILE).map_err(TableFailure::Parked)?;
        let position = progress.position(self.measurement());
        let change = position.map(|position| {
            let Position { fingerprint, notes, .. } = &position;
            RowShape::new(&source, settings).change_since(fingerprint, notes)
        });
        if change == Some(Change::KeyTags) {
            return Err(other_key_tags(self.measurement()));
        }
        let selected = match Choice::of(source, selection, settings.primary_key) {
            Choice::Read(selected) => *selected,
            // Only its name was selected, and it has other columns now.
            Choice::Excluded => return Err(TableFailure::Dropped),
            Choice::Unknown => return Err(TableFailure::Unknown),
        };
        compare(self.session, &selected).await?;
        announce(self.session, &selected).await?;
        tracing::info!(
            measurement = self.measurement(),
            "the columns of a table have changed in mid-sync"
        );
        self.senders.clear();
        self.selected = Arc::new(selected);
        Ok(())
    }
}

fn unlike_its_list(database: &str, measurement: &str) -> SyncError {
    SyncError::transient(format!(
        "{database} lists other columns for measurement {measurement:?} than its answers have"
    ))
}

//! The mutants: what of the engine is replaced by what, and which rule that breaks.
//!
//! Wrong ports in `crates/sync-engine/tests/simulation/wrong.rs` show what can be shown from the
//! outside; what is here cannot.

/// A mutant of the engine.
pub(super) struct Mutant {
    pub(super) name: &'static str,
    /// A defect of the Python example (D), or a rule of the sync.
    pub(super) breaks: &'static str,
    /// The file, what is found in it exactly once, and what replaces that.
    pub(super) edits: &'static [(&'static str, &'static str, &'static str)],
}

const fn mutant(
    name: &'static str,
    breaks: &'static str,
    edits: &'static [(&'static str, &'static str, &'static str)],
) -> Mutant {
    Mutant { name, breaks, edits }
}

/// Every mutant.
pub(super) const MUTANTS: &[Mutant] = &[
    // The cursor follows the time at which a table is done.
    mutant(
        "UpperBoundPerWindow",
        "rule 1",
        &[(
            "table/sync.rs",
            "    if table.rows > 0 {",
            "    let now = session.database.now().await?;
    session.progress.advance(&measurement, now.saturating_sub(10_000_000_000));
    if table.rows > 0 {",
        )],
    ),
    // A cursor beyond the upper bound is left there.
    mutant(
        "CursorBeyondNow",
        "rule 1",
        &[(
            "table/resume.rs",
            "if position.cursor <= *upper_bound {",
            "if position.cursor <= i64::MAX {",
        )],
    ),
    // The next window starts one nanosecond after the last one's end.
    mutant(
        "HolesBetweenWindows",
        "rule 2",
        &[(
            "window/queue.rs",
            "Window::new(window.to(), stretch.to())",
            "Window::new(window.to().saturating_add(1), stretch.to())",
        )],
    ),
    // The cursor follows the times of rows.
    mutant(
        "CursorOfARow",
        "D2",
        &[(
            "table/row_sender.rs",
            "            if !is_claimed && batch.num_rows() > 0 {",
            "            type Nanoseconds = arrow_array::types::TimestampNanosecondType;
            if let Some(times) = batch.column_by_name(\"time\")
                && let Some(times) =
                    arrow_array::cast::AsArray::as_primitive_opt::<Nanoseconds>(times)
                && let Some(last) = times.iter().flatten().max()
            {
                progress.advance(&source.measurement, last.saturating_add(1));
            }
            if !is_claimed && batch.num_rows() > 0 {",
        )],
    ),
    // A batch without rows puts the cursor back.
    mutant(
        "EmptyBatchGoesBack",
        "D21",
        &[(
            "table/row_sender.rs",
            "            if !is_claimed && batch.num_rows() > 0 {",
            "            if batch.num_rows() == 0
                && let Some(position) = progress.position(&source.measurement)
            {
                let cursor = position.cursor.saturating_sub(3_600_000_000_000);
                let position = crate::state::Position { cursor, ..position };
                progress.start(&source.measurement, position);
            }
            if !is_claimed && batch.num_rows() > 0 {",
        )],
    ),
    // A window that is done moves the cursor, though one before it is not.
    mutant(
        "IncompletePrefix",
        "rule 3",
        &[("table/sync.rs", "self.queue.low_watermark()", "window.to()")],
    ),
    // A checkpoint vouches for a window that is still being read.
    mutant(
        "CheckpointBeforeRows",
        "rule 3",
        &[(
            "table/sync.rs",
            "        let window = self.queue.next(&self.sizer)?;",
            "        let window = self.queue.next(&self.sizer)?;
        self.session.progress.advance(self.measurement(), window.to());",
        )],
    ),
    // All tables share a position.
    mutant(
        "OneCursor",
        "D12",
        &[
            (
                "state/progress.rs",
                "state.table_mut(&self.database, measurement)",
                "{ let _ = measurement; state.table_mut(&self.database, \"any\") }",
            ),
            (
                "state/progress.rs",
                "shared.state.table(&self.database, measurement)",
                "{ let _ = measurement; shared.state.table(&self.database, \"any\") }",
            ),
            (
                "state/progress.rs",
                "shared.state.start(&self.database, measurement, ",
                "shared.state.start(&self.database, &measurement.replace(measurement, \"any\"), ",
            ),
        ],
    ),
    // Settings that shape rows may change under a cursor.
    mutant(
        "FingerprintIgnored",
        "rule 4",
        &[(
            "table/resume.rs",
            "        Change::None => resume(",
            "        Change::None | Change::Settings(_) | Change::KeyTags => resume(",
        )],
    ),
    // The old cursor still stands in the state when a table that starts anew is truncated.
    mutant(
        "CursorOutlivesTruncate",
        "rule 4",
        &[(
            "table/resume.rs",
            "    let is_any = progress.take_back(|state| {",
            "    if others.len() < usize::MAX {
        return Ok(());
    }
    let is_any = progress.take_back(|state| {",
        )],
    ),
    // Hidden tags are no part of the series.
    mutant(
        "HiddenTagsLeftOut",
        "rule 5",
        &[(
            "table/selected.rs",
            "        let ids = Arc::new(",
            "        let mut source = source;
        source.tags.retain(|tag| table.columns.iter().any(|column| column.name == *tag));
        let ids = Arc::new(",
        )],
    ),
    // Null tags are part of the series.
    mutant(
        "NullTagsIncluded",
        "rule 5",
        &[(
            "table/series_ids.rs",
            "if tag.is_valid(row) && !tag.value(row).is_empty() {",
            "if !self.names.is_empty() {",
        )],
    ),
    // Tags that appear in mid-sync are not noticed.
    mutant(
        "NewTagsUnnoticed",
        "rule 5",
        &[(
            "table/shape.rs",
            "        schema.fields().len() == self.0.len()",
            "        if self.0.keys().all(|name| schema.field_with_name(name).is_ok()) {
            return true;
        }
        schema.fields().len() == self.0.len()",
        )],
    ),
    // A measurement that was made anew with other types is read on.
    mutant(
        "OtherTypesUnnoticed",
        "rule 5",
        &[
            (
                "table/shape.rs",
                "*kind == found(field, role(field), *kind)",
                "{
                    let found = found(field, role(field), *kind);
                    matches!(kind, Kind::Tag) == matches!(found, Kind::Tag)
                }",
            ),
            (
                "table/columns.rs",
                "(now != before).then_some(",
                "(now != before && now.is_empty()).then_some(",
            ),
        ],
    ),
    // The watermark of the files moves on before their ranges are read.
    mutant(
        "MarkCommittedEarly",
        "rule 6",
        &[("table/resume.rs", "        notes.backfill = backfill;", "        drop(backfill);")],
    ),
    // The files are listed after reading.
    mutant(
        "FilesListedLate",
        "rule 6",
        &[(
            "table/sync.rs",
            "    if table.rows > 0 {",
            "    let progress = &session.progress;
    let position = progress.position(&measurement);
    let late = detect_late_data(session, &measurement, position.as_ref()).await?;
    progress.note(&measurement, |notes| {
        notes.watermark = late.watermark;
        true
    });
    if table.rows > 0 {",
        )],
    ),
    // What was never counted is taken for read.
    mutant(
        "UncountedStretch",
        "rule 6",
        &[(
            "late/counts.rs",
            "                count.points == 0 ||",
            "                !is_known || count.points == 0 ||",
        )],
    ),
    // A window that was read counts twice, as one does whose tries are all counted.
    mutant(
        "CountsTooHigh",
        "rule 6",
        &[(
            "late/keeper.rs",
            "            counts.go_on(&self.units, self.main, window, &tally);",
            "            let mut tally = tally;
            let once = tally.clone();
            tally.extend(&once);
            counts.go_on(&self.units, self.main, window, &tally);",
        )],
    ),
    // What the lookback reads is added to what it had read before.
    mutant(
        "LookbackCountedAgain",
        "rule 6",
        &[(
            "late/counts.rs",
            "                if from == whole.from() {
                    self.forget(unit.key);",
            "                if from == whole.from() {",
        )],
    ),
    // A value that came later into a point that was there is not counted.
    mutant(
        "ValuesNotCounted",
        "rule 6",
        &[(
            "late/counts.rs",
            "self.points == now.points && self.cells.is_none_or(|cells| cells == now.cells)",
            "self.points == now.points",
        )],
    ),
    // Files are told apart by the number of their snapshot alone.
    mutant(
        "SnapshotsByNumber",
        "rule 6",
        &[(
            "late/watermark.rs",
            "self.0.get(&sequence) == Some(&Some(digest(files)))",
            "files.is_empty() || sequence <= self.highest()",
        )],
    ),
    // What a file names counts as read, whoever has answered.
    mutant(
        "NamedSettlesAtOnce",
        "rule 6",
        &[(
            "late/named.rs",
            "if began < self.at.0.saturating_add(settle) {",
            "if began < settle {",
        )],
    ),
    // New windows are read before the old lookback, which nothing owes.
    mutant(
        "NewWindowsBeforeLookback",
        "rule 3",
        &[
            (
                "table/resume.rs",
                "        from = lookback(position.cursor);
        if let Some(jump)",
                "        from = position.cursor;
        backfill.extend(&Window::new(lookback(from), from).into_iter().collect());
        if let Some(jump)",
            ),
            (
                "table/resume.rs",
                "        notes.backfill = backfill;",
                "        notes.backfill = backfill.between(i64::MIN, lookback(from));",
            ),
        ],
    ),
    // A window that was interrupted is asked for again as it was.
    mutant(
        "InterruptedForgotten",
        "rule 9",
        &[("state/notes.rs", "        self.interrupted.push(window);", "")],
    ),
    // A question that is not answered ends the sync, though others are.
    mutant(
        "EveryFailureIsAnOutage",
        "rule 9",
        &[(
            "sync/ask.rs",
            "return Err(NoAnswer::This(failure));\n                    }",
            "return Err(NoAnswer::All(failure));\n                    }",
        )],
    ),
    // A cursor that is put back stands in the state only after the rows that rely on it.
    mutant(
        "TakenBackLate",
        "rule 4",
        &[(
            "state/progress.rs",
            "            shared.taken_back = shared.said;
        }
        is_changed",
            "        }
        is_changed",
        )],
    ),
    // Ranges that are read again are not cut off where another window reads.
    mutant(
        "RangesOverlap",
        "rule 7",
        &[("window/queue.rs", "backfill.between(i64::MIN, from).iter()", "backfill.iter()")],
    ),
    // A sync that is resumed truncates again.
    mutant(
        "TruncateOnResume",
        "rule 8",
        &[(
            "table/resume.rs",
            "    match shape.change_since(",
            "    sink.truncate(&selected.table).await?;
    match shape.change_since(",
        )],
    ),
    // Points that are gone from the database truncate the table.
    mutant(
        "AbsenceIsDelete",
        "rule 8",
        &[(
            "table/sync.rs",
            "    if table.rows > 0 {",
            "    if table.rows == 0 {
        let gone = sync_core::Table::new(&measurement, Vec::new());
        session.sink.truncate(&gone).await?;
    }
    if table.rows > 0 {",
        )],
    ),
    // A failed table ends the sync as if all were well.
    mutant(
        "FailureIsSuccess",
        "rule 9",
        &[("sync.rs", "if !self.parked.is_empty() {", "if self.parked.len() == usize::MAX {")],
    ),
    // A table that another measurement filled before is taken over, and that one's cursor stays.
    mutant(
        "OwnerIgnored",
        "rule 4",
        &[(
            "table/resume.rs",
            "    // With several owners, rows",
            "    let others: Vec<Origin> =
        others.into_iter().filter(|other| other.database.is_empty()).collect();
    // With several owners, rows",
        )],
    ),
    // The same, by a measurement without points alone.
    mutant(
        "OwnerIgnoredByEmptyTable",
        "rule 4",
        &[(
            "table/resume.rs",
            "    // With several owners, rows",
            "    let first =
        bounds::first(session, measurement, None, None).await?;
    let others: Vec<Origin> = others.into_iter().filter(|_| first.is_some()).collect();
    // With several owners, rows",
        )],
    ),
    // A server that comes back does not owe what the other one has overwritten.
    mutant(
        "ReturnWithoutOverwritten",
        "rule 4",
        &[(
            "state/origin.rs",
            "            away.server = away.server.seen_as(present);",
            "            away.overwritten = Default::default();
            away.server = away.server.seen_as(present);",
        )],
    ),
    // A table that was gone is resumed when it is back.
    mutant(
        "GoneAndBackResumed",
        "rule 4",
        &[("state/origin.rs", "Known::Present => is_new |= notes.gone(),", "Known::Present => {}")],
    ),
    // Rows of another server are sent before the state knows of it.
    mutant(
        "ServerChangedUnsaved",
        "rule 4",
        &[
            ("sync.rs", "    progress.flush(*sink).await.map_err(sink_error)", "    Ok(())"),
            (
                "state/progress.rs",
                "            self.flush(sink).await?;",
                "            let _ = sink;",
            ),
            ("sync.rs", "    progress.take_back(|state| {\n", "    progress.amend(|state| {\n"),
            (
                "state/progress.rs",
                "        self.take_back(|state| {",
                "        self.amend(|state| {",
            ),
        ],
    ),
];

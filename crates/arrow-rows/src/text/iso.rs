//! Writes dates, instants, times of day and periods as ISO 8601.
//!
//! It does not use a calendar library, since none reaches as far as Arrow's seconds of 64 bits.

use std::io::Write;

use arrow_schema::TimeUnit;
use sync_core::Timestamp;

use crate::TimeText;
use crate::error::CellError;
use crate::text::Output;

const SECONDS_PER_DAY: i64 = 86_400;

/// Days since 1970-01-01 as `2025-06-02`.
pub(super) fn date(days: i64, out: &mut Output) -> Result<(), CellError> {
    let (year, month, day) = civil(days);
    let mut text = *b"0000-00-00";
    if let Ok(year @ 0..=9_999) = u32::try_from(year) {
        digits(&mut text[..4], year);
    } else {
        // ISO 8601 asks for a sign if a year is before 0 or has more than four digits.
        write!(out.bytes, "{year:+05}")?;
    }
    digits(&mut text[5..7], month);
    digits(&mut text[8..], day);
    let from = if (0..=9_999).contains(&year) { 0 } else { 4 };
    out.bytes.extend_from_slice(&text[from..]);
    Ok(())
}

/// An instant as `2025-06-02T06:36:58.190260123Z`.
pub(super) fn instant(at: Timestamp, form: TimeText, out: &mut Output) -> Result<(), CellError> {
    date(at.seconds().div_euclid(SECONDS_PER_DAY), out)?;
    let mut text = *b"T00:00:00.000000000Z";
    clock(&mut text[1..9], at.seconds().rem_euclid(SECONDS_PER_DAY) as u32);
    digits(&mut text[10..19], at.nanoseconds());
    match form {
        TimeText::Nanoseconds => out.bytes.extend_from_slice(&text),
        TimeText::Microseconds => {
            if !at.nanoseconds().is_multiple_of(1_000) {
                out.losses.sub_microsecond += 1;
            }
            out.bytes.extend_from_slice(&text[..16]);
            out.bytes.push(b'Z');
        }
    }
    Ok(())
}

/// A time of day as `06:36:58.190260`, with as many digits of a second as `unit` has.
pub(super) fn time_of_day(units: i64, unit: TimeUnit, out: &mut Output) -> Result<(), CellError> {
    let per_second = per_second(unit);
    let seconds = units.div_euclid(per_second);
    if !(0..SECONDS_PER_DAY).contains(&seconds) {
        let value = format_args!("{units} units of 1/{per_second} s after midnight");
        return Err(CellError::new(value, "it is no time of day"));
    }
    let mut text = *b"00:00:00.000000000";
    clock(&mut text[..8], seconds as u32);
    let fraction = units.rem_euclid(per_second) * (1_000_000_000 / per_second);
    digits(&mut text[9..], fraction as u32);
    out.bytes.extend_from_slice(match unit {
        TimeUnit::Second => &text[..8],
        TimeUnit::Millisecond => &text[..12],
        TimeUnit::Microsecond => &text[..15],
        TimeUnit::Nanosecond => &text,
    });
    Ok(())
}

/// A duration as `PT90.5S`: seconds only, since not every day or minute is of one length.
pub(super) fn duration(units: i64, unit: TimeUnit, out: &mut Output) -> Result<(), CellError> {
    let nanoseconds = i128::from(units) * i128::from(1_000_000_000 / per_second(unit));
    period(0, 0, nanoseconds, out)
}

/// A period as `P1Y2M3DT4.5S`.
///
/// As ISO 8601-2 says, a minus stands before the `P` if no part is positive, and otherwise before
/// each negative part.
pub(super) fn period(
    months: i32,
    days: i32,
    nanoseconds: i128,
    out: &mut Output,
) -> Result<(), CellError> {
    let backward =
        months <= 0 && days <= 0 && nanoseconds <= 0 && (months, days, nanoseconds) != (0, 0, 0);
    let sign = if backward { -1 } else { 1 };
    let [months, days, nanoseconds] =
        [i128::from(months), i128::from(days), nanoseconds].map(|part| sign * part);
    out.push(if backward { "-P" } else { "P" });
    for (part, name) in [(months / 12, 'Y'), (months % 12, 'M'), (days, 'D')] {
        if part != 0 {
            write!(out.bytes, "{part}{name}")?;
        }
    }
    if nanoseconds != 0 || (months, days) == (0, 0) {
        let sign = if nanoseconds < 0 { "-" } else { "" };
        let (seconds, fraction) = (
            nanoseconds.unsigned_abs() / 1_000_000_000,
            nanoseconds.unsigned_abs() % 1_000_000_000,
        );
        write!(out.bytes, "T{sign}{seconds}")?;
        if fraction != 0 {
            write!(out.bytes, ".{fraction:09}")?;
            while out.bytes.last() == Some(&b'0') {
                out.bytes.pop();
            }
        }
        out.push("S");
    }
    Ok(())
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Writes a second of a day into `00:00:00`.
fn clock(text: &mut [u8], second: u32) {
    digits(&mut text[..2], second / 3_600);
    digits(&mut text[3..5], second / 60 % 60);
    digits(&mut text[6..8], second % 60);
}

/// Writes a number with leading zeros, so that it fills `text`.
fn digits(text: &mut [u8], mut number: u32) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The year, month and day of a day since 1970-01-01 in the proleptic Gregorian calendar.
///
/// It counts years from March, so that a leap day is the last day of its year. Every 400 years the
/// calendar repeats, and the first days of months then lie on a straight line, rounded.
fn civil(days: i64) -> (i64, u32, u32) {
    const DAYS_PER_ERA: i64 = 146_097;
    // Day 0 is 0000-03-01.
    let days = days + 719_468;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA) as u32;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + i64::from(year_of_era) + i64::from(month <= 2);
    (year, month, day)
}

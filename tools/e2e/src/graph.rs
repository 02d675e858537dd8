//! A graph of some series over time, one below the other, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::{
    ChartBuilder, Color, IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend,
    WHITE,
};

pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    /// Minutes, and values.
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: u32 = 900;
const HEIGHT: u32 = 190;
const LINE: RGBColor = RGBColor(31, 93, 160);
const FAULT: RGBColor = RGBColor(214, 96, 77);

/// Draws each series from zero up, with a tick wherever there was a fault.
pub(crate) fn draw(file: &Path, series: &[Series<'_>], faults: &[f64]) -> Result<()> {
    let size = (WIDTH, HEIGHT * series.len() as u32);
    let area = SVGBackend::new(file, size).into_drawing_area();
    fill(&area, series, faults).map_err(|error| anyhow!("cannot draw {}: {error}", file.display()))
}

fn fill(
    area: &plotters::drawing::DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    series: &[Series<'_>],
    faults: &[f64],
) -> Result<(), Box<dyn std::error::Error>> {
    area.fill(&WHITE)?;
    for (area, series) in area.split_evenly((series.len(), 1)).iter().zip(series) {
        let end = series.points.last().map_or(1.0, |point| point.0);
        let top = series.points.iter().map(|point| point.1).fold(1.0, f64::max) * 1.15;
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .caption(series.name, ("sans-serif", 15).into_font())
            .x_label_area_size(24)
            .y_label_area_size(44)
            .build_cartesian_2d(0.0..end, 0.0..top)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .y_labels(5)
            .x_labels(10)
            .x_label_formatter(&|minutes| format!("{minutes:.0} min"))
            .draw()?;
        let ticks = faults
            .iter()
            .map(|at| PathElement::new(vec![(*at, 0.0), (*at, top * 0.05)], FAULT.stroke_width(1)));
        chart.draw_series(ticks)?;
        chart.draw_series(LineSeries::new(series.points.iter().copied(), LINE.stroke_width(1)))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_has_its_names_and_a_tick_for_each_fault() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("graph.svg");
        let points = vec![(0.0, 1.0), (1.0, 2.0), (2.0, 1.5)];
        let series = [
            Series { name: "memory", points: points.clone() },
            Series { name: "descriptors", points },
        ];
        draw(&file, &series, &[0.5, 1.5, 1.7]).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("memory") && text.contains("descriptors"));
        assert_eq!(text.matches("#D6604D").count(), 6);
    }
}

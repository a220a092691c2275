//! Families as `OpenMetrics` text.

use std::{fmt, sync::Mutex};

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabel as _, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet, text::encode,
    },
    metrics::MetricType,
    registry::Registry,
};

use super::{Family, Kind, Series};

/// The text of all families, in their order.
pub(super) fn open(families: Vec<Family>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Told(Mutex::new(families))));
    let mut text = String::new();
    // writing into a text does not fail
    let _written = encode(&mut text, &registry);
    text
}

/// A collector is asked through a shared reference, by one who could be any thread.
#[derive(Debug)]
struct Told(Mutex<Vec<Family>>);

impl Collector for Told {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let families = self.0.lock().map_err(|_| fmt::Error)?;
        for family in &*families {
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Unknown => MetricType::Unknown,
            };
            let mut metric = encoder.encode_descriptor(&family.name, &family.help, None, kind)?;
            for series in &family.series {
                // a series without labels has no braces either
                if series.of.is_empty() && series.with.is_empty() {
                    figure(&mut metric, family.kind, series.value)?;
                } else {
                    figure(&mut metric.encode_family(series)?, family.kind, series.value)?;
                }
            }
        }
        Ok(())
    }
}

/// The crate has no call for a kind that nobody knows; the text is that of a gauge.
fn figure(series: &mut MetricEncoder<'_>, kind: Kind, value: f64) -> fmt::Result {
    match kind {
        Kind::Counter => series.encode_counter::<NoLabelSet, f64, f64>(&value, None),
        Kind::Gauge | Kind::Unknown => series.encode_gauge(&value),
    }
}

impl EncodeLabelSet for Series {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for (name, value) in self.of.iter().chain(&self.with) {
            (&**name, &**value).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

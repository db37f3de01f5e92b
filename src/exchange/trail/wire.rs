//! How a trail is written and read back.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tracing::{Level, level_filters::LevelFilter};

use super::{Trail, TrailEvent};

#[derive(Serialize)]
struct Written<'a> {
    events: &'a [TrailEvent],
    #[serde(skip_serializing_if = "is_none")]
    dropped: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    limited_to: Option<&'static str>,
}

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    events: Vec<TrailEvent>,
    #[serde(default)]
    dropped: u64,
    limited_to: Option<String>,
}

impl Serialize for Trail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { events: self.events(), dropped: self.dropped, limited_to: self.limit() }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Trail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Read { events, dropped, limited_to } = Read::deserialize(deserializer)?;
        let limited_to = limited_to.map(|text| text.parse().map_err(|_| not_a_limit(&text))).transpose()?;
        Ok(Self::read(events, dropped, limited_to))
    }
}

/// A level, or `OFF`.
pub(super) fn limit(limit: LevelFilter) -> &'static str {
    limit.into_level().as_ref().map_or("OFF", Level::as_str)
}

fn not_a_limit<E: de::Error>(text: &str) -> E {
    E::custom(format!("{text:?} is not a level, or OFF"))
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Fields as one object: each name stands once.
pub(crate) mod fields {
    use serde::{
        Deserializer, Serializer,
        de::{MapAccess, Visitor},
    };

    use super::fmt;
    use crate::exchange::Field;

    pub(crate) fn serialize<S: Serializer>(fields: &[Field], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(fields.iter().map(|field| (&field.name, &field.value)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Field>, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Vec<Field>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Field>, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    fields.push(Field { name: name.into(), value });
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

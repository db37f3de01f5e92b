//! What a value is, as its `Serialize` says: a text, a number, or JSON of which the head is kept.

use std::{fmt::Display, io};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::super::report::{COUNT_LIMIT, contained, say_within};
use crate::exchange::Value;

/// Lists and objects in each other, as many as readers of JSON take.
const DEPTH_LIMIT: usize = 128;

/// What was found.
pub(super) enum Plain {
    /// `None`, `()`.
    Nothing,
    Bool(bool),
    Number(Value),
    /// As much as was wanted; with its mark where that is not all.
    Text(String),
    /// A list or an object.
    Json(Head),
    /// There is more in it, and in that, than anybody reads: it may go on for ever, and no stack does.
    TooDeep,
    /// It panicked.
    Panicked,
    /// It cannot be written: a map whose keys are no texts, an error of its own.
    Refused,
}

/// As much of a JSON text as is wanted, and how long it is.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    limit: usize,
    total: usize,
    /// There is more than anybody counts.
    is_endless: bool,
}

/// Looks at a value: of a text, or of JSON, `limit` bytes are kept.
pub(super) fn look<V: Serialize + ?Sized>(value: &V, limit: usize) -> Plain {
    let mut head = Head { bytes: Vec::new(), limit, total: 0, is_endless: false };
    let mut plain = Plain::Nothing;
    let looked = contained(|| {
        let json = &mut serde_json::Serializer::with_formatter(&mut head, Shallow { open: 0 });
        value.serialize(Probe { plain: &mut plain, json, limit })
    });
    match looked {
        None => Plain::Panicked,
        Some(Err(error)) if !head.is_endless => {
            if error.is_io() {
                Plain::TooDeep
            } else {
                Plain::Refused
            }
        }
        Some(_) if head.total > 0 => Plain::Json(head),
        Some(_) => plain,
    }
}

impl Head {
    /// The text, where all of it is here.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        (self.total == self.bytes.len()).then_some(&self.bytes)
    }

    /// The head, with its mark.
    pub(super) fn marked(&self) -> String {
        let more = if self.is_endless { "more than " } else { "" };
        format!("{}…[{more}{} bytes]", String::from_utf8_lossy(&self.bytes), self.total)
    }
}

impl io::Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.total >= COUNT_LIMIT.max(self.limit) {
            self.is_endless = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.total += bytes.len();
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        if self.total > self.bytes.len() {
            // Nothing stands behind what did not fit.
            self.limit = self.bytes.len();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes JSON without white space, so many lists and objects in each other.
struct Shallow {
    open: usize,
}

impl Shallow {
    fn begin<W: io::Write + ?Sized>(&mut self, to: &mut W, bracket: u8) -> io::Result<()> {
        if self.open >= DEPTH_LIMIT {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.open += 1;
        to.write_all(&[bracket])
    }

    fn end<W: io::Write + ?Sized>(&mut self, to: &mut W, bracket: u8) -> io::Result<()> {
        self.open = self.open.saturating_sub(1);
        to.write_all(&[bracket])
    }
}

impl Formatter for Shallow {
    fn begin_array<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.begin(to, b'[')
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.end(to, b']')
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.begin(to, b'{')
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.end(to, b'}')
    }
}

type Json<'w> = serde_json::Serializer<&'w mut Head, Shallow>;
type Error = serde_json::Error;
type Compound<'a, 'w> = <&'a mut Json<'w> as Serializer>::SerializeSeq;

struct Probe<'a, 'w> {
    plain: &'a mut Plain,
    json: &'a mut Json<'w>,
    limit: usize,
}

impl Probe<'_, '_> {
    fn is(self, plain: Plain) -> Result<(), Error> {
        *self.plain = plain;
        Ok(())
    }

    fn text(self, said: std::fmt::Arguments<'_>) -> Result<(), Error> {
        let mut text = String::new();
        say_within(&mut text, self.limit, said);
        self.is(Plain::Text(text))
    }
}

macro_rules! numbers {
    ($($method:ident($number:ty)),+) => {
        $(fn $method(self, number: $number) -> Result<(), Error> {
            #[allow(clippy::unnecessary_fallible_conversions, clippy::useless_conversion)]
            let value = match u64::try_from(number) {
                Ok(number) => Value::Unsigned(number),
                Err(_) => match i64::try_from(number) {
                    Ok(number) => Value::Signed(number),
                    // No number that others read.
                    Err(_) => return self.text(format_args!("{number}")),
                },
            };
            self.is(Plain::Number(value))
        })+
    };
}

impl<'a, 'w> Serializer for Probe<'a, 'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a, 'w>;
    type SerializeTuple = Compound<'a, 'w>;
    type SerializeTupleStruct = Compound<'a, 'w>;
    type SerializeTupleVariant = Compound<'a, 'w>;
    type SerializeMap = Compound<'a, 'w>;
    type SerializeStruct = Compound<'a, 'w>;
    type SerializeStructVariant = Compound<'a, 'w>;

    fn serialize_bool(self, truth: bool) -> Result<(), Error> {
        self.is(Plain::Bool(truth))
    }

    numbers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128)
    }

    fn serialize_f32(self, number: f32) -> Result<(), Error> {
        // The digits that it is written with, not those of its neighbour among the doubles.
        let number = number.to_string().parse().unwrap_or_else(|_| f64::from(number));
        self.serialize_f64(number)
    }

    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        self.is(Plain::Number(Value::Float(number)))
    }

    fn serialize_char(self, character: char) -> Result<(), Error> {
        self.text(format_args!("{character}"))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.text(format_args!("{text}"))
    }

    fn collect_str<T: Display + ?Sized>(self, said: &T) -> Result<(), Error> {
        self.text(format_args!("{said}"))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.json.serialize_bytes(bytes)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.is(Plain::Nothing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.is(Plain::Nothing)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.is(Plain::Nothing)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.text(format_args!("{variant}"))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.json.serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_seq(length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_tuple(length)
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_tuple_struct(name, length)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_tuple_variant(name, index, variant, length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_map(length)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_struct(name, length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'w>, Error> {
        self.json.serialize_struct_variant(name, index, variant, length)
    }
}

//! Deserialization that no value can abort: each type accepts one form of JSON, and any other form is skipped and recorded.
//!
//! Reads in one pass, as `derive(Deserialize)` does. In contrast, a derived struct fails on a value of another type and on a
//! repeated field, and accepts an array as its fields in order.

#![expect(clippy::inline_always, reason = "a call for each field would cost as much as reading a short one")]

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::malformed::{Malformed, Segment};
use super::scalar::{Number, Text};

/// Names of the JSON forms found in place of the expected one.
pub(super) const NULL: &str = "null";
pub(super) const BOOLEAN: &str = "a boolean";
pub(super) const NUMBER: &str = "a number";
pub(super) const STRING: &str = "a string";
pub(super) const ARRAY: &str = "an array";
pub(super) const OBJECT: &str = "an object";
pub(super) const REPEATED: &str = "a repeated field";

/// A type that is read from JSON. A form that it does not accept yields `None`.
pub(super) trait Form<'de>: Sized {
    fn from_text(_: Text<'de>) -> Option<Self> {
        None
    }

    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    fn from_number(_: Number) -> Option<Self> {
        None
    }

    fn from_array<A: SeqAccess<'de>>(array: A, _: &mut Malformed) -> Result<Option<Self>, A::Error> {
        skip_array(array).map(|()| None)
    }

    fn from_object<A: MapAccess<'de>>(object: A, _: &mut Malformed) -> Result<Option<Self>, A::Error> {
        skip_object(object).map(|()| None)
    }

    /// Returns whether an item has the fields that a list requires.
    fn is_complete(&self) -> bool {
        true
    }

    /// Merges the two values of a repeated [`Checked`] field: returns the value if both are equal, since otherwise the
    /// intended one is unknown.
    fn same(self, _later: Self) -> Option<Self> {
        None
    }

    /// Merges the two values of a repeated field: the later one wins, as in most JSON parsers.
    fn repeated(self, later: Self, malformed: &mut Malformed) -> Self {
        malformed.record(REPEATED);
        later
    }
}

pub(super) fn skip_array<'de, A: SeqAccess<'de>>(mut array: A) -> Result<(), A::Error> {
    while array.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

pub(super) fn skip_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<(), A::Error> {
    while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The outcome of reading one value.
pub(super) enum Sent<T> {
    Value(T),
    Null,
    /// Already recorded. Holds the form that was found.
    Malformed(&'static str),
}

/// Reads a `T` from any JSON value.
pub(super) struct Lenient<'m, T> {
    malformed: &'m mut Malformed,
    form: PhantomData<T>,
}

impl<'m, T> Lenient<'m, T> {
    pub(super) fn new(malformed: &'m mut Malformed) -> Self {
        Self { malformed, form: PhantomData }
    }

    #[inline(always)]
    fn sent(self, value: Option<T>, found: &'static str) -> Sent<T> {
        if let Some(value) = value {
            return Sent::Value(value);
        }
        self.malformed.record(found);
        Sent::Malformed(found)
    }
}

impl<'de, T: Form<'de>> DeserializeSeed<'de> for Lenient<'_, T> {
    type Value = Sent<T>;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Sent<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Form<'de>> Visitor<'de> for Lenient<'_, T> {
    type Value = Sent<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Sent<T>, E> {
        Ok(Sent::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Sent<T>, E> {
        Ok(self.sent(T::from_bool(value), BOOLEAN))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Sent<T>, E> {
        Ok(self.sent(T::from_number(Number::Signed(value)), NUMBER))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Sent<T>, E> {
        Ok(self.sent(T::from_number(Number::Unsigned(value)), NUMBER))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Sent<T>, E> {
        Ok(self.sent(T::from_number(Number::Float(value)), NUMBER))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Sent<T>, E> {
        Ok(self.sent(T::from_text(Text::borrowed(value)), STRING))
    }

    fn visit_str<E>(self, value: &str) -> Result<Sent<T>, E> {
        Ok(self.sent(T::from_text(Text::owned(value)), STRING))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Sent<T>, A::Error> {
        let value = T::from_array(array, self.malformed)?;
        Ok(self.sent(value, ARRAY))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Sent<T>, A::Error> {
        let value = T::from_object(object, self.malformed)?;
        Ok(self.sent(value, OBJECT))
    }
}

/// Reads a list. A malformed or incomplete item is dropped and recorded; the others are kept.
impl<'de, T: Form<'de>> Form<'de> for Vec<T> {
    fn from_array<A: SeqAccess<'de>>(mut array: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        let mut items = Self::new();
        let mut index = 0;
        loop {
            let before = malformed.total();
            let item = malformed.within(Segment::Item(index), |malformed| {
                let item = array.next_element_seed(Lenient::<T>::new(malformed))?;
                let problem = match &item {
                    Some(Sent::Null) => Some(NULL),
                    Some(Sent::Value(item)) if !item.is_complete() && malformed.total() == before => Some("an incomplete object"),
                    _ => None,
                };
                if let Some(problem) = problem {
                    malformed.record(problem);
                }
                Ok(item)
            })?;
            match item {
                None => return Ok(Some(items)),
                Some(Sent::Value(item)) if item.is_complete() => items.push(item),
                Some(_) => {}
            }
            index += 1;
        }
    }
}

/// Boxed, a large value is cheap to move and takes only a pointer in an object that lacks it.
impl<'de, T: Form<'de>> Form<'de> for Box<T> {
    fn from_object<A: MapAccess<'de>>(object: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        Ok(T::from_object(object, malformed)?.map(Self::new))
    }
}

/// A value that a row depends on. If malformed, the form found is kept for the code that decides about the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked<T> {
    Valid(T),
    Malformed(&'static str),
}

impl<'de, T: Form<'de>> Form<'de> for Checked<T> {
    fn from_text(text: Text<'de>) -> Option<Self> {
        Some(T::from_text(text).map_or(Self::Malformed(STRING), Self::Valid))
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(T::from_bool(value).map_or(Self::Malformed(BOOLEAN), Self::Valid))
    }

    fn from_number(value: Number) -> Option<Self> {
        Some(T::from_number(value).map_or(Self::Malformed(NUMBER), Self::Valid))
    }

    fn from_array<A: SeqAccess<'de>>(array: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        Ok(Some(T::from_array(array, malformed)?.map_or(Self::Malformed(ARRAY), Self::Valid)))
    }

    fn from_object<A: MapAccess<'de>>(object: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
        Ok(Some(T::from_object(object, malformed)?.map_or(Self::Malformed(OBJECT), Self::Valid)))
    }

    fn repeated(self, later: Self, _: &mut Malformed) -> Self {
        match (self, later) {
            (Self::Valid(earlier), Self::Valid(later)) => earlier.same(later).map_or(Self::Malformed(REPEATED), Self::Valid),
            _ => Self::Malformed(REPEATED),
        }
    }
}

/// Reads the name of a field and returns the result of `find`. The name itself is not kept.
pub(super) struct Name<F>(pub(super) F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Name<F> {
    type Value = T;

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Name<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline(always)]
    fn visit_str<E>(self, name: &str) -> Result<T, E> {
        Ok((self.0)(name))
    }
}

/// Reads the value of a field into its slot.
#[inline(always)]
pub(super) fn read_field<'de, T: Form<'de>, A: MapAccess<'de>>(
    object: &mut A,
    name: &'static str,
    place: &mut Option<T>,
    malformed: &mut Malformed,
) -> Result<(), A::Error> {
    malformed.within(Segment::Field(name), |malformed| {
        if let Sent::Value(value) = object.next_value_seed(Lenient::new(malformed))? {
            *place = Some(match place.take() {
                None => value,
                Some(earlier) => earlier.repeated(value, malformed),
            });
        }
        Ok(())
    })
}

/// Declares a JSON object: every field is optional, has its own form, and has its JSON name unless another name is given.
///
/// `seen by` names a field of the struct that receives every name in the object, known or not. `complete if` defines what an
/// item of a list must have.
macro_rules! object {
    (
        $(#[$meta:meta])*
        for<$de:lifetime> $vis:vis struct $name:ident $(<$lifetime:lifetime>)? {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident $(= $json:literal)?: $form:ty,)*
        }
        $(seen by $observer:ident: $observer_type:ty;)?
        $(complete if |$item:ident| $complete:expr;)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $name $(<$lifetime>)? {
            $($(#[$field_meta])* $field_vis $field: Option<$form>,)*
            $(pub(super) $observer: $observer_type,)?
        }

        impl<$de> Form<$de> for $name $(<$lifetime>)? {
            fn from_object<A: MapAccess<$de>>(mut object: A, malformed: &mut Malformed) -> Result<Option<Self>, A::Error> {
                #[allow(non_camel_case_types, reason = "called as the fields are")]
                enum Field {
                    $($field,)*
                    Unknown,
                }
                let mut this = Self::default();
                loop {
                    let field = object.next_key_seed(Name(|name: &str| {
                        $(this.$observer.see(name);)?
                        $(if name == object!(@name $field $(= $json)?) {
                            return Field::$field;
                        })*
                        Field::Unknown
                    }))?;
                    match field {
                        $(Some(Field::$field) => {
                            read_field(&mut object, object!(@name $field $(= $json)?), &mut this.$field, malformed)?;
                        })*
                        Some(Field::Unknown) => {
                            object.next_value::<IgnoredAny>()?;
                        }
                        None => return Ok(Some(this)),
                    }
                }
            }

            $(fn is_complete(&self) -> bool {
                let $item = self;
                $complete
            })?
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident = $json:literal) => { $json };
}
pub(super) use object;

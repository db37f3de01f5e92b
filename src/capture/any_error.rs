use std::{any::type_name, error::Error, fmt};

/// What [`report_error`](crate::Current::report_error) takes a reference of: every error, and what holds one without
/// being one itself, as `anyhow::Error`, `eyre::Report` and boxed errors do.
///
/// `By` says which of these it is, and is never written out:
///
/// ```
/// use std::error::Error;
/// use tower_flightlog::current;
///
/// # fn main() {
/// let (boxed, any): (Box<dyn Error + Send + Sync>, _) = ("closed".into(), anyhow::anyhow!("closed"));
/// current().report_error(&std::fmt::Error);
/// current().report_error(&boxed);
/// current().report_error(&any);
/// current().report_error(&*any);
/// # }
/// ```
pub trait AnyError<By> {
    #[doc(hidden)]
    fn show(&self, to: &mut dyn FnMut(Shown<'_>));
}

/// An error as it is reported.
#[expect(missing_debug_implementations, reason = "nobody can name it")]
pub struct Shown<'a> {
    pub(super) error: &'a dyn Error,
    /// The same, where its type can be asked for.
    pub(super) any: Option<&'a (dyn Error + 'static)>,
    /// What shows the stack with `{:?}`.
    pub(super) debug: &'a dyn fmt::Debug,
    pub(super) type_name: &'static str,
}

/// It is an error.
#[derive(Clone, Copy, Debug)]
pub struct ByItself(());

impl<E: Error + ?Sized> AnyError<ByItself> for E {
    fn show(&self, to: &mut dyn FnMut(Shown<'_>)) {
        to(Shown { error: &self, any: None, debug: &self, type_name: type_name::<E>() });
    }
}

/// It holds an error and shows more with `{:?}` than that does. Both kinds of `AsRef` are asked for, since `Arc` and `Box`
/// have one of them.
#[derive(Clone, Copy, Debug)]
pub struct ByReference(());

impl<E> AnyError<ByReference> for E
where
    E: AsRef<dyn Error> + AsRef<dyn Error + Send + Sync> + fmt::Debug + ?Sized,
{
    fn show(&self, to: &mut dyn FnMut(Shown<'_>)) {
        let error: &(dyn Error + 'static) = self.as_ref();
        to(Shown { error, any: Some(error), debug: &self, type_name: type_name::<E>() });
    }
}

/// It is a box.
#[derive(Clone, Copy, Debug)]
pub struct ByBox(());

impl AnyError<ByBox> for Box<dyn Error + Send + Sync> {
    fn show(&self, to: &mut dyn FnMut(Shown<'_>)) {
        boxed(&**self, to);
    }
}

impl AnyError<ByBox> for Box<dyn Error + Send> {
    fn show(&self, to: &mut dyn FnMut(Shown<'_>)) {
        boxed(&**self, to);
    }
}

impl AnyError<ByBox> for Box<dyn Error> {
    fn show(&self, to: &mut dyn FnMut(Shown<'_>)) {
        boxed(&**self, to);
    }
}

fn boxed(error: &(dyn Error + 'static), to: &mut dyn FnMut(Shown<'_>)) {
    to(Shown { error, any: Some(error), debug: &error, type_name: type_name::<dyn Error>() });
}

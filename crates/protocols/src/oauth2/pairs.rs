//! Parameters by name: each at most once, and one without a value is as good as none (RFC 6749 §3.1 and §3.2).

use url::form_urlencoded;

use super::{MAX_BYTES, MAX_PARAMETERS, Refusal};

pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn parse(form: &[u8]) -> Result<Self, Refusal> {
        if form.len() > MAX_BYTES {
            return Err(Refusal::invalid(format!("The parameters are longer than {MAX_BYTES} bytes.")));
        }
        let pairs = form_urlencoded::parse(form);
        Self::collect(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())))
    }

    pub(super) fn collect(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Refusal> {
        let list: Vec<_> = pairs.into_iter().take(MAX_PARAMETERS + 1).collect();
        if list.len() > MAX_PARAMETERS {
            return Err(Refusal::invalid(format!("There are more than {MAX_PARAMETERS} parameters.")));
        }
        if list.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_BYTES {
            return Err(Refusal::invalid(format!("The parameters are longer than {MAX_BYTES} bytes.")));
        }
        Ok(Self(list))
    }

    /// A parameter, if it is there.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let value = values.next();
        if values.next().is_some() {
            return Err(Refusal::invalid(format!("{name} came more than once.")));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)?.ok_or_else(|| Refusal::invalid(format!("The request lacks {name}.")))
    }
}

//! Takes steps whether or not the earlier ones succeeded, and tells all errors at the end.

use anyhow::{Result, ensure};

/// The errors of some steps as one, in their order.
pub(crate) fn together(steps: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let errors = steps.into_iter().filter_map(Result::err);
    let errors: Vec<_> = errors.map(|error| format!("{error:#}")).collect();
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn all_errors_are_told_in_their_order() {
        assert!(together([Ok(()), Ok(())]).is_ok());
        let steps = [Err(anyhow!("in use").context("a network")), Ok(()), Err(anyhow!("gone"))];
        assert_eq!(together(steps).unwrap_err().to_string(), "a network: in use; gone");
    }
}

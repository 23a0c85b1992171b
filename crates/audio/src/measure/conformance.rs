//! The meter against the published test signals and against another implementation.

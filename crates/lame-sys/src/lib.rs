//! The C interface of LAME.

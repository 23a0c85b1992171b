//! What crosses the wire: request and reply types of every surface, and how they are read.
//!
//! What belongs here: names, numbers and forms that clients rely on. What does not: who carries them, and what they do.

pub mod productions;

//! Streaming audio mastering. See each module for what belongs in it.

pub mod block;
pub mod decode;
pub mod draw;
pub mod encode;
pub mod error;
pub mod level;
pub mod master;
pub mod measure;
pub mod mix;
pub mod produce;
pub mod repair;
pub mod report;
pub mod resample;
pub mod stage;
pub mod tag;

pub use block::Block;
pub use error::AudioError;
pub use stage::Stage;

//! Replies: what is kept, in the words and numbers of the published API.

mod draft;
mod info;
mod preset;
mod production;
mod statistics;
mod text;
mod user;

use model::{PresetId, ProductionId};

pub use draft::{Algorithms, Chapter, Location, Metadata, OutgoingService, OutputFile};
pub use info::{
    AlgorithmInfo, AlgorithmOption, FormatInfo, Info, Named, ServiceTypeInfo, algorithm_infos, file_endings,
    format_infos, production_status,
};
pub use preset::{MinimalPreset, Preset};
pub use production::{Event, MinimalProduction, Production, Status, Title};
pub use text::timestamp;
pub use user::User;

/// Who knows where things are: addresses are made of the server's base address, which is not the wire's business.
pub trait Addresses {
    /// A file of a production's result.
    fn file(&self, production: ProductionId, name: &str) -> String;
    /// The cover picture that was uploaded to a production.
    fn production_cover(&self, production: ProductionId) -> String;
    /// The cover picture that was uploaded to a preset.
    fn preset_cover(&self, preset: PresetId) -> String;
    /// The page that shows a production.
    fn status_page(&self, production: ProductionId) -> String;
    /// The page on which a production is changed.
    fn edit_page(&self, production: ProductionId) -> String;
}

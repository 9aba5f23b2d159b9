//! The hook contract `hook/1`: the object every hook receives, whatever its
//! type, and the object it may answer with.

mod input;
mod result;

pub use input::{
    HookInput, HookRef, InheritedResult, JobRef, PreviousResult, SCHEMA, StageInput, TriggerRef,
};
pub use result::{
    Annotation, AnnotationLevel, Artifact, HookResult, InvalidResult, RESULT_MAX_BYTES,
    ResultStatus,
};

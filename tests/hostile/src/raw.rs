//! Components made of a core module in text, for what no language would do.

use std::fmt::Write as _;
use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where an answer is laid out.
const ANSWER: usize = 1_024;
/// Where the text of an answer is laid out.
const TEXT: u32 = 4_096;

/// A plugin of the contract 0.1.0 whose functions are written as WebAssembly
/// text. As it comes, it describes itself, is content with all settings, and
/// passes.
#[derive(Debug, Clone)]
pub struct RawGuest {
    /// Pages that its memory begins with.
    pub pages: u32,
    /// Imports, which stand before everything else.
    pub imports: String,
    /// Globals, tables, data, functions, a start function.
    pub fields: String,
    /// Body of `run`, which leaves the address of its answer.
    pub run: String,
    /// Body of what is called after `run`.
    pub after_run: String,
    /// Body of `describe`, which leaves the address of a manifest.
    pub describe: String,
    /// Body of `check-settings`, which leaves the address of its answer.
    pub check_settings: String,
    /// Body of what the host calls to place arguments: a pointer to old memory,
    /// its size, an alignment and the size wanted are its parameters.
    pub allocate: String,
}

impl Default for RawGuest {
    fn default() -> Self {
        Self {
            pages: 16,
            imports: String::new(),
            fields: String::new(),
            run: format!("i32.const {ANSWER}"),
            after_run: String::new(),
            describe: "i32.const 2048".to_owned(),
            check_settings: "i32.const 3072".to_owned(),
            allocate: "(local $at i32)
                (local.set $at (i32.and
                    (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
                (global.set $free (i32.add (local.get $at) (local.get 3)))
                (local.get $at)"
                .to_owned(),
        }
    }
}

impl RawGuest {
    /// The component.
    ///
    /// # Panics
    ///
    /// When the text is none: the corpus is at fault.
    #[expect(clippy::unwrap_used, reason = "the corpus is written here")]
    pub fn component(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).unwrap();
        let mut resolve = Resolve::default();
        let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/hook-0.1.0");
        let (package, _) = resolve.push_dir(&contract).unwrap();
        let world = resolve.select_world(&[package], Some("plugin")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default()
            .validate(true)
            .module(&module)
            .unwrap()
            .encode()
            .unwrap()
    }

    fn module(&self) -> String {
        const HANDLER: &str = "stagehook:hook/handler@0.1.0";
        let Self {
            pages,
            imports,
            fields,
            run,
            after_run,
            describe,
            check_settings,
            allocate,
        } = self;
        // Name and version of the manifest; everything else in it is empty.
        let manifest = words(&[3_200, 9, 3_209, 5]);
        format!(
            "(module
                {imports}
                (memory (export \"memory\") {pages})
                (global $free (mut i32) (i32.const 65536))
                (data (i32.const 2048) \"{manifest}\")
                (data (i32.const 3200) \"raw-guest1.0.0\")
                {fields}
                (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
                    {allocate})
                (func (export \"{HANDLER}#run\") (param i32) (result i32) {run})
                (func (export \"cabi_post_{HANDLER}#run\") (param i32) {after_run})
                (func (export \"{HANDLER}#describe\") (result i32) {describe})
                (func (export \"{HANDLER}#check-settings\") (param i32 i32) (result i32)
                    {check_settings}))"
        )
    }

    /// As it is, with a laid-out answer of `run`.
    #[must_use]
    pub fn answering(mut self, answer: &Answer) -> Self {
        let _ = write!(self.fields, "{}", answer.data());
        self
    }
}

/// An `outcome` as it lies in a guest's memory: addresses and lengths as the
/// guest says they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answer {
    /// Discriminant of the status; the contract knows 0 to 3.
    pub status: u32,
    /// Address and length of the message.
    pub message: Option<(u32, u32)>,
    /// Address and number of the annotations.
    pub annotations: (u32, u32),
    /// Address and length of the metadata.
    pub metadata: Option<(u32, u32)>,
    /// Address and number of the metrics.
    pub metrics: (u32, u32),
    /// What lies at [`Answer::text_at`].
    pub text: &'static [u8],
}

impl Answer {
    /// Where an answer lies.
    pub const fn at() -> usize {
        ANSWER
    }

    /// Where [`text`](Self::text) lies.
    pub const fn text_at() -> u32 {
        TEXT
    }

    /// An answer whose message is this text.
    pub fn saying(status: u32, text: &'static [u8]) -> Self {
        Self {
            status,
            message: Some((
                Self::text_at(),
                u32::try_from(text.len()).unwrap_or(u32::MAX),
            )),
            text,
            ..Self::default()
        }
    }

    fn data(&self) -> String {
        let option = |part: Option<(u32, u32)>| {
            let (address, length) = part.unwrap_or_default();
            [u32::from(part.is_some()), address, length]
        };
        let [has_message, message, message_length] = option(self.message);
        let [has_metadata, metadata, metadata_length] = option(self.metadata);
        let laid_out = words(&[
            0,
            self.status,
            has_message,
            message,
            message_length,
            self.annotations.0,
            self.annotations.1,
            has_metadata,
            metadata,
            metadata_length,
            0,
            0,
            self.metrics.0,
            self.metrics.1,
        ]);
        let text = escaped(self.text);
        format!("(data (i32.const {ANSWER}) \"{laid_out}\") (data (i32.const {TEXT}) \"{text}\")")
    }
}

/// Little-endian words as the text of a data segment.
pub(crate) fn words(words: &[u32]) -> String {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    escaped(&bytes)
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}

/// This component, with more core instances: `count` of this module, which are
/// made when the component is instantiated and used by nobody.
///
/// # Panics
///
/// When the text is no module: the corpus is at fault.
#[expect(clippy::unwrap_used, reason = "the corpus is written here")]
pub(crate) fn with_instances(mut component: Vec<u8>, module: &str, count: u32) -> Vec<u8> {
    const CORE_MODULE: u8 = 1;
    const CORE_INSTANCES: u8 = 2;
    // A guest without imports is encoded as one core module; this is the next.
    const INSTANTIATE_THE_SECOND: [u8; 3] = [0, 1, 0];
    let module = wat::parse_str(module).unwrap();
    let mut instances = leb(count);
    for _ in 0..count {
        instances.extend(INSTANTIATE_THE_SECOND);
    }
    for (id, section) in [(CORE_MODULE, module), (CORE_INSTANCES, instances)] {
        component.push(id);
        component.extend(leb(u32::try_from(section.len()).unwrap()));
        component.extend(section);
    }
    component
}

/// An unsigned number as WebAssembly writes it.
pub(crate) fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f).to_le_bytes()[0];
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

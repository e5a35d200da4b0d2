//! Leaves out of a release page what only a panic would read: texts, places in the source, and the code that puts them
//! together.
//!
//! A panic ends the page's code whatever it says, and in a release page nobody reads it: the browser tells of a trap at that
//! point, and a development page tells all. Here
//!
//! - functions that end in the panic handler become a trap, and so does each straight run of instructions that leads to one;
//! - places in the source, which functions hand on to those that they call, become one and the same place;
//! - classes that a library exports and the page does not use become traps, too.
//!
//! Nothing moves: the code is overwritten where it lies, and the linker's relocations of what was overwritten are dropped.
//! So splitting, which follows relocations, finds that nobody needs the rest and leaves it out.

use std::{
    collections::{HashMap, HashSet},
    iter,
    ops::Range,
};

use anyhow::{Context, Result, ensure};
use wasmparser::{
    CustomSectionReader, DataKind, FunctionBody, KnownCustom, Linking, Name, Operator, Parser, Payload,
    RelocAddendKind, RelocationEntry, RelocationType, SymbolInfo, TypeRef,
};

/// Functions that never return and are not a straight run of instructions, by a part of their names. All others that only
/// panic are found because they end in one of these.
const PANICS: [&str; 8] = [
    "rust_begin_unwind",
    "begin_panic",
    "slice_index_fail",
    "slice_error_fail_rt",
    "assert_failed_inner",
    "alloc7raw_vec12handle_error",
    "copy_from_slice_impl17len_mismatch_fail",
    "panic_nounwind_fmt",
];

/// Functions of JavaScript classes over Rust's streams, which a library exports and the page never makes, by a part of their
/// names: exported, they would stay.
const UNUSED: &str = "intounderlying";

const UNREACHABLE: u8 = 0x00;
const NOP: u8 = 0x01;
/// Bytes of a place in the source: where its file's name is, how long that is, line and column, 4 bytes each.
const PLACE: u32 = 16;

/// The module without what only a panic would read. It must be as the linker made it, with names and relocations.
pub fn lean(module: &[u8]) -> Result<Vec<u8>> {
    let linked = Linked::read(module)?;
    let mut bytes = module.to_vec();
    let cut = trap(&linked, &mut bytes)?;
    let places = linked.places();
    let one = places.iter().copied().min();
    let relocations = |section: &Section| {
        let kept =
            section.entries.iter().filter(|entry| !(section.is_code && cut.has(linked.code + entry.offset as usize)));
        let kept = kept.map(|entry| RelocationEntry {
            index: one.filter(|_| is_address(entry.ty) && places.contains(&entry.index)).unwrap_or(entry.index),
            ..*entry
        });
        encode(section, &kept.collect::<Vec<_>>())
    };
    let mut lean = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for section in &linked.relocations {
        lean.extend_from_slice(&bytes[from..section.whole.start]);
        lean.extend(relocations(section));
        from = section.whole.end;
    }
    lean.extend_from_slice(&bytes[from..]);
    Ok(lean)
}

/// What is read of a module.
struct Linked<'a> {
    module: &'a [u8],
    /// Where the code section's content begins: relocations count from there.
    code: usize,
    data: usize,
    imports: u32,
    bodies: Vec<FunctionBody<'a>>,
    names: HashMap<u32, &'a str>,
    symbols: Vec<SymbolInfo<'a>>,
    /// Address in memory, and where in the file those bytes are.
    segments: Vec<(u32, Range<usize>)>,
    relocations: Vec<Section>,
}

/// A section of relocations.
struct Section {
    name: String,
    target: u32,
    is_code: bool,
    entries: Vec<RelocationEntry>,
    /// Where it is in the file, with number and length.
    whole: Range<usize>,
}

impl<'a> Linked<'a> {
    fn read(module: &'a [u8]) -> Result<Self> {
        let mut linked = Self {
            module,
            code: 0,
            data: 0,
            imports: 0,
            bodies: Vec::new(),
            names: HashMap::new(),
            symbols: Vec::new(),
            segments: Vec::new(),
            relocations: Vec::new(),
        };
        let mut before = 8;
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload.context("the compiler's wasm cannot be read")?;
            let section = payload.as_section();
            match payload {
                Payload::ImportSection(reader) => {
                    for import in reader.into_imports() {
                        linked.imports += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => linked.code = range.start as usize,
                Payload::CodeSectionEntry(body) => linked.bodies.push(body),
                Payload::DataSection(reader) => {
                    linked.data = reader.range().start as usize;
                    for data in reader {
                        let data = data?;
                        let address = match &data.kind {
                            DataKind::Active { offset_expr, .. } => match offset_expr.get_operators_reader().read()? {
                                Operator::I32Const { value } => value as u32,
                                _ => 0,
                            },
                            DataKind::Passive => 0,
                        };
                        let end = data.range.end as usize;
                        linked.segments.push((address, end - data.data.len()..end));
                    }
                }
                Payload::CustomSection(reader) => linked.custom(&reader, before)?,
                _ => {}
            }
            if let Some((_, range)) = section {
                before = range.end as usize;
            }
        }
        ensure!(!linked.relocations.is_empty(), "the compiler's wasm has no relocations");
        ensure!(!linked.names.is_empty(), "the compiler's wasm has no names");
        Ok(linked)
    }

    fn custom(&mut self, reader: &CustomSectionReader<'a>, begin: usize) -> Result<()> {
        match reader.as_known() {
            KnownCustom::Name(names) => {
                for part in names {
                    if let Name::Function(map) = part? {
                        for naming in map {
                            let naming = naming?;
                            self.names.insert(naming.index, naming.name);
                        }
                    }
                }
            }
            KnownCustom::Linking(parts) => {
                for part in parts.subsections() {
                    if let Linking::SymbolTable(map) = part? {
                        self.symbols = map.into_iter().collect::<Result<_, _>>()?;
                    }
                }
            }
            KnownCustom::Reloc(relocations) => self.relocations.push(Section {
                name: reader.name().to_owned(),
                target: relocations.section_index(),
                is_code: reader.name() == "reloc.CODE",
                entries: relocations.entries().into_iter().collect::<Result<_, _>>()?,
                whole: begin..reader.range().end as usize,
            }),
            _ => {}
        }
        Ok(())
    }

    /// Symbols of places in the source: 16 bytes that begin with the address of a Rust file's name.
    fn places(&self) -> HashSet<u32> {
        let starts: HashMap<usize, u32> = self
            .relocations
            .iter()
            .filter(|section| section.name == "reloc.DATA")
            .flat_map(|section| &section.entries)
            .map(|entry| (self.data + entry.offset as usize, entry.index))
            .collect();
        let is_place = |symbol: &SymbolInfo<'_>| {
            let SymbolInfo::Data { symbol: Some(data), .. } = symbol else { return false };
            let Some((_, segment)) = self.segments.get(data.index as usize) else { return false };
            let at = segment.start + data.offset as usize;
            let inside = (1..PLACE as usize).any(|step| starts.contains_key(&(at + step)));
            let name = || self.text(self.word(at)?, self.word(at + 4)?);
            data.size == PLACE
                && starts.contains_key(&at)
                && !inside
                && name().is_some_and(|name| name.ends_with(b".rs"))
        };
        (0..).zip(&self.symbols).filter(|(_, symbol)| is_place(symbol)).map(|(index, _)| index).collect()
    }

    fn word(&self, at: usize) -> Option<u32> {
        self.module.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// What lies in memory at that address.
    fn text(&self, address: u32, length: u32) -> Option<&[u8]> {
        let within = |(start, range): &&(u32, Range<usize>)| (*start..*start + range.len() as u32).contains(&address);
        let (start, range) = self.segments.iter().find(within)?;
        let at = range.start + (address - start) as usize;
        self.module.get(at..at + length as usize).filter(|_| at + length as usize <= range.end)
    }
}

/// Parts of the file that were overwritten, in its order.
#[derive(Default)]
struct Cut(Vec<Range<usize>>);

impl Cut {
    fn has(&self, at: usize) -> bool {
        let next = self.0.partition_point(|range| range.end <= at);
        self.0.get(next).is_some_and(|range| range.contains(&at))
    }
}

/// Overwrites what leads to a panic. Round after round: a function that begins with a trap is one that only panics.
fn trap(linked: &Linked<'_>, bytes: &mut [u8]) -> Result<Cut> {
    let number = |at: usize| linked.imports + at as u32;
    let mut panics: HashSet<u32> = HashSet::new();
    let mut cuts: HashMap<usize, Vec<Range<usize>>> = HashMap::new();
    for (at, body) in linked.bodies.iter().enumerate() {
        let name = linked.names.get(&number(at)).copied().unwrap_or_default();
        // What describes an export is run by wasm-bindgen, and goes then.
        let unused = name.contains(UNUSED) && !name.contains("__wbindgen_describe");
        if unused || PANICS.iter().any(|part| name.contains(part)) {
            panics.insert(number(at));
            let begin = body.get_operators_reader()?.original_position() as usize;
            cuts.insert(at, iter::once(begin..body.range().end as usize - 1).collect());
        }
    }
    ensure!(!panics.is_empty(), "the compiler's wasm has no panic handler");
    loop {
        let before = panics.len();
        for (at, body) in linked.bodies.iter().enumerate() {
            if panics.contains(&number(at)) {
                continue;
            }
            let (begin, runs) = runs(body, &panics)?;
            if runs.first().is_some_and(|run| run.start == begin) {
                panics.insert(number(at));
                cuts.insert(at, iter::once(begin..body.range().end as usize - 1).collect());
            } else {
                cuts.insert(at, runs);
            }
        }
        if panics.len() == before {
            break;
        }
    }
    let mut all: Vec<Range<usize>> = cuts.into_values().flatten().collect();
    all.sort_by_key(|range| range.start);
    for range in &all {
        bytes[range.clone()].fill(NOP);
        bytes[range.start] = UNREACHABLE;
    }
    Ok(Cut(all))
}

/// Where a body's instructions begin, and its straight runs of instructions that end with the call of a function which only
/// panics. Runs hold no other call: what a panic would have done before it is done.
fn runs(body: &FunctionBody<'_>, panics: &HashSet<u32>) -> Result<(usize, Vec<Range<usize>>)> {
    let mut reader = body.get_operators_reader()?;
    let begin = reader.original_position() as usize;
    let (mut start, mut runs) = (begin, Vec::new());
    while !reader.eof() {
        let operator = reader.read()?;
        let end = reader.original_position() as usize;
        match operator {
            Operator::Call { function_index } if panics.contains(&function_index) => {
                runs.push(start..end);
                start = end;
            }
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable => start = end,
            _ => {}
        }
    }
    Ok((begin, runs))
}

fn is_address(kind: RelocationType) -> bool {
    matches!(kind, RelocationType::MemoryAddrLeb | RelocationType::MemoryAddrSleb | RelocationType::MemoryAddrI32)
}

/// A section of relocations as bytes.
fn encode(section: &Section, entries: &[RelocationEntry]) -> Vec<u8> {
    let mut content = Vec::new();
    unsigned(&mut content, section.name.len() as u32);
    content.extend_from_slice(section.name.as_bytes());
    unsigned(&mut content, section.target);
    unsigned(&mut content, entries.len() as u32);
    for entry in entries {
        content.push(entry.ty as u8);
        unsigned(&mut content, entry.offset);
        unsigned(&mut content, entry.index);
        if entry.ty.addend_kind() != RelocAddendKind::None {
            signed(&mut content, entry.addend);
        }
    }
    let mut bytes = vec![0];
    unsigned(&mut bytes, content.len() as u32);
    bytes.extend(content);
    bytes
}

fn unsigned(bytes: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn signed(bytes: &mut Vec<u8>, mut number: i64) {
    loop {
        let byte = number as u8 & 0x7f;
        number >>= 7;
        if (number == 0 && byte & 0x40 == 0) || (number == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return;
        }
        bytes.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number, content.len() as u8][..], content].concat()
    }

    fn custom(name: &str, content: &[u8]) -> Vec<u8> {
        section(0, &[&[name.len() as u8][..], name.as_bytes(), content].concat())
    }

    fn body(code: &[u8]) -> Vec<u8> {
        [&[code.len() as u8 + 2, 0][..], code, &[0x0b]].concat()
    }

    /// Function 0 is the panic handler, 1 only panics, 2 may panic, 3 neither. Both places are arguments of function 1.
    fn linked() -> Vec<u8> {
        let bodies = [
            body(&[0x03, 0x40, 0x0c, 0, 0x0b]),
            body(&[0x41, 8, 0x1a, 0x10, 0x80, 0x80, 0x80, 0x80, 0, 0x00]),
            body(&[0x41, 1, 0x04, 0x40, 0x41, 0x98, 0x80, 0x80, 0x80, 0, 0x1a, 0x10, 0x81, 0x80, 0x80, 0x80, 0, 0x0b]),
            body(&[0x41, 0xa8, 0x80, 0x80, 0x80, 0, 0x1a]),
        ];
        let code = [&[4][..], &bodies.concat()].concat();
        // "a.rs" at 16, and two places of it at 24 and 40.
        let place = |line: u8| [16, 0, 0, 0, 4, 0, 0, 0, line, 0, 0, 0, 1, 0, 0, 0];
        let bytes = [b"a.rs\0\0\0\0", &place(7)[..], &place(9)[..]].concat();
        let data = [&[1, 0, 0x41, 16, 0x0b, bytes.len() as u8][..], &bytes].concat();
        let names = ["rust_begin_unwind", "only", "may", "other"];
        let names =
            names.iter().enumerate().flat_map(|(i, name)| [&[i as u8, name.len() as u8], name.as_bytes()].concat());
        let names = [vec![4], names.collect()].concat();
        let function = |i: u8| vec![0, 0, i, 1, b'a' + i];
        let at = |offset: u8, size: u8| vec![1, 0, 1, b's', 0, offset, size];
        let symbols = [function(0), function(1), at(0, 5), at(8, 16), at(24, 16)].concat();
        let symbols = [vec![5], symbols].concat();
        let linking = [vec![2, 8, symbols.len() as u8], symbols].concat();
        // Counted from the code section's content: bodies begin at 1, 9, 22 and 43.
        let in_code = [&[3, 4][..], &[0, 15, 0], &[4, 29, 3, 0], &[0, 36, 1], &[4, 46, 4, 0]].concat();
        let in_data = [4, 2, 5, 14, 2, 0, 5, 30, 2, 0];
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(3, &[4, 0, 0, 0, 0]),
            section(5, &[1, 0, 1]),
            section(10, &code),
            section(11, &data),
            custom("linking", &linking),
            custom("reloc.CODE", &in_code),
            custom("reloc.DATA", &in_data),
            custom("name", &[vec![1, names.len() as u8], names].concat()),
        ]
        .concat()
    }

    #[test]
    fn what_leads_to_a_panic_becomes_a_trap_and_lets_go_of_what_it_named() {
        let module = linked();
        let lean = lean(&module).unwrap();
        let read = Linked::read(&lean).unwrap();
        let code = |at: usize| &lean[read.bodies[at].range().start as usize + 1..read.bodies[at].range().end as usize];
        assert_eq!(code(0), [0x00, 1, 1, 1, 1, 0x0b]);
        assert_eq!(code(1), [0x00, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x0b], "who only panics is a trap");
        assert_eq!(code(2)[..4], [0x41, 1, 0x04, 0x40], "the question stays");
        assert_eq!(code(2)[4..], [0x00, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x0b, 0x0b]);
        assert_eq!(code(3), [0x41, 0xa8, 0x80, 0x80, 0x80, 0, 0x1a, 0x0b], "what has no panic stays as it was");
        let kept: Vec<_> = read.relocations[0].entries.iter().map(|entry| (entry.offset, entry.index)).collect();
        assert_eq!(kept, [(46, 3)], "one place stands for all");
        assert_eq!(read.relocations[1].entries.len(), 2);
    }

    #[test]
    fn a_module_without_names_or_relocations_is_refused() {
        let without = |name: &[u8]| {
            let mut module = linked();
            let at = module.windows(name.len()).position(|part| part == name).unwrap();
            module[at] = b'x';
            lean(&module).is_err()
        };
        assert!(without(b"name") && without(b"rust_begin_unwind"));
        assert!(lean(b"\0asm\x01\0\0\0").is_err());
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 1, -1, 63, 64, -64, -65, 300, i64::from(i32::MIN)] {
            let mut bytes = Vec::new();
            signed(&mut bytes, number);
            assert_eq!(wasmparser::BinaryReader::new(&bytes, 0).read_var_i64().unwrap(), number);
        }
        let mut bytes = Vec::new();
        unsigned(&mut bytes, 624_485);
        assert_eq!(bytes, [0xe5, 0x8e, 0x26]);
    }
}

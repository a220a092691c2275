//! Object files as a loader takes them, from instructions: no compiler is needed.

use object::write::{Object, Relocation, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind, SymbolScope,
};

/// One instruction: code, registers (what is read in the upper half), offset, number.
pub(super) type Instruction = (u8, u8, i16, i32);

/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;
/// The relocation that puts a map's descriptor into an instruction.
const R_BPF_64_64: u32 = 1;

/// An array map of one value that the program uses.
pub(super) struct OneValue {
    pub(super) name: &'static str,
    pub(super) bytes: u32,
    /// Number of the instruction that takes its address.
    pub(super) used_at: u64,
}

/// A `cgroup_skb` program of that name.
pub(super) fn cgroup_skb(name: &str, instructions: &[Instruction], map: Option<&OneValue>) -> Vec<u8> {
    let endianness = if cfg!(target_endian = "big") {
        Endianness::Big
    } else {
        Endianness::Little
    };
    let mut object = Object::new(BinaryFormat::Elf, Architecture::Bpf, endianness);
    let code = object.add_section(Vec::new(), b"cgroup/skb".to_vec(), SectionKind::Text);
    let words: Vec<u8> = instructions.iter().copied().flat_map(encoded).collect();
    let size = u64::try_from(words.len()).expect("a few instructions");
    object.set_section_data(code, words, 8);
    let symbol = |name: &str, kind, section, size| Symbol {
        name: name.into(),
        value: 0,
        size,
        kind,
        scope: SymbolScope::Linkage,
        weak: false,
        section: SymbolSection::Section(section),
        flags: SymbolFlags::None,
    };
    object.add_symbol(symbol(name, SymbolKind::Text, code, size));
    if let Some(map) = map {
        let section = object.add_section(Vec::new(), b"maps".to_vec(), SectionKind::Data);
        // type, size of a key, size of a value, how many, flags
        let definition: Vec<u8> = [ARRAY, 4, map.bytes, 1, 0]
            .into_iter()
            .flat_map(u32::to_ne_bytes)
            .collect();
        object.set_section_data(section, definition, 4);
        let symbol: SymbolId = object.add_symbol(symbol(map.name, SymbolKind::Data, section, 20));
        let relocation = Relocation {
            offset: 8 * map.used_at,
            symbol,
            addend: 0,
            flags: RelocationFlags::Elf { r_type: R_BPF_64_64 },
        };
        object
            .add_relocation(code, relocation)
            .expect("the instruction is there");
    }
    object.write().expect("a few instructions fit")
}

/// As the kernel of this machine takes it: of the two registers, the one that is written is in the half that the
/// machine reads first.
fn encoded((code, registers, offset, number): Instruction) -> [u8; 8] {
    let registers = if cfg!(target_endian = "big") {
        registers.rotate_left(4)
    } else {
        registers
    };
    let mut bytes = [code, registers, 0, 0, 0, 0, 0, 0];
    bytes[2..4].copy_from_slice(&offset.to_ne_bytes());
    bytes[4..8].copy_from_slice(&number.to_ne_bytes());
    bytes
}

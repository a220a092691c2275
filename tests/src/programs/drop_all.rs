//! A `cgroup_skb` program that lets no packet pass, written instruction by instruction: no compiler is needed.

use object::write::{Object, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope};

/// The program in the object.
pub const NAME: &str = "drop_all";

/// `r0 = 0`: the packet is dropped.
const ANSWER_0: [u8; 8] = [0xb7, 0, 0, 0, 0, 0, 0, 0];
const EXIT: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];

/// An object file with the program in it, as a loader takes it.
pub fn object() -> Vec<u8> {
    let endianness = if cfg!(target_endian = "big") {
        Endianness::Big
    } else {
        Endianness::Little
    };
    let mut object = Object::new(BinaryFormat::Elf, Architecture::Bpf, endianness);
    let code = object.add_section(Vec::new(), b"cgroup/skb".to_vec(), SectionKind::Text);
    let instructions = [ANSWER_0, EXIT].concat();
    object.set_section_data(code, &instructions, 8);
    object.add_symbol(Symbol {
        name: NAME.into(),
        value: 0,
        size: 16,
        kind: SymbolKind::Text,
        scope: SymbolScope::Linkage,
        weak: false,
        section: SymbolSection::Section(code),
        flags: SymbolFlags::None,
    });
    object.write().expect("two instructions fit")
}

//! Where this kernel keeps the fields that the CPU program reads: the offsets of members of structs, from the kernel's own
//! BTF. Pure: bytes in, offsets out.
//!
//! Format: Documentation/bpf/btf.rst of the kernel. A header, a section of types one behind the other, a section of names.

use agent_common::TaskLayout;
use thiserror::Error;

const MAGIC: u16 = 0xeb9f;
const KIND_STRUCT: u32 = 4;

/// Why the offsets are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BtfError {
    /// The bytes are no BTF of this byte order, or end too early.
    #[error("the kernel's BTF cannot be read")]
    Malformed,
    /// A struct or a member is not there, or is a bit field.
    #[error("the kernel's BTF has no {0}")]
    Missing(&'static str),
}

/// The offsets, from the contents of `/sys/kernel/btf/vmlinux`.
pub fn task_layout(btf: &[u8]) -> Result<TaskLayout, BtfError> {
    let sections = Sections::of(btf)?;
    let [mut task, mut entity, mut css_set, mut cgroup, mut node] = [None; 5];
    let mut at = sections.types;
    while let Some(this) = Type::read(at) {
        let place = match sections.name(this.name) {
            _ if this.kind != KIND_STRUCT => None,
            b"task_struct" => Some(&mut task),
            b"sched_entity" => Some(&mut entity),
            b"css_set" => Some(&mut css_set),
            b"cgroup" => Some(&mut cgroup),
            b"kernfs_node" => Some(&mut node),
            _ => None,
        };
        if let Some(place) = place {
            place.get_or_insert(this);
        }
        at = at.get(this.bytes()..).ok_or(BtfError::Malformed)?;
    }
    let member = |of: Option<Type<'_>>, name: &'static str| {
        let (_, short) = name.rsplit_once('.').unwrap_or(("", name));
        of.and_then(|of| of.member(short.as_bytes(), &sections))
            .ok_or(BtfError::Missing(name))
    };
    let entity_of_task = member(task, "task_struct.se")?;
    Ok(TaskLayout {
        task_runtime: entity_of_task + member(entity, "sched_entity.sum_exec_runtime")?,
        task_runtime_before: entity_of_task + member(entity, "sched_entity.prev_sum_exec_runtime")?,
        task_priority: member(task, "task_struct.prio")?,
        task_pid: member(task, "task_struct.pid")?,
        task_cgroups: member(task, "task_struct.cgroups")?,
        css_set_cgroup: member(css_set, "css_set.dfl_cgrp")?,
        cgroup_kernfs_node: member(cgroup, "cgroup.kn")?,
        kernfs_node_id: member(node, "kernfs_node.id")?,
    })
}

struct Sections<'b> {
    types: &'b [u8],
    names: &'b [u8],
}

impl<'b> Sections<'b> {
    fn of(btf: &'b [u8]) -> Result<Self, BtfError> {
        let word = |index: usize| Some(number(btf, 8 + 4 * index)? as usize);
        let header_bytes = number(btf, 4).ok_or(BtfError::Malformed)? as usize;
        let section = |start: usize, length: usize| {
            let start = header_bytes.checked_add(word(start)?)?;
            btf.get(start..start.checked_add(word(length)?)?)
        };
        let magic = btf.first_chunk().copied().map(u16::from_ne_bytes);
        match (magic, section(0, 1), section(2, 3)) {
            (Some(MAGIC), Some(types), Some(names)) => Ok(Self { types, names }),
            _ => Err(BtfError::Malformed),
        }
    }

    /// The name at an offset, without its final zero.
    fn name(&self, offset: u32) -> &'b [u8] {
        let from = self.names.get(offset as usize..).unwrap_or_default();
        from.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// One type: three words, and what its kind has behind them.
#[derive(Clone, Copy)]
struct Type<'b> {
    name: u32,
    kind: u32,
    /// Members, parameters, values: how many there are.
    count: usize,
    /// Offsets of members share their word with the width of bit fields.
    has_bit_fields: bool,
    behind: &'b [u8],
}

impl<'b> Type<'b> {
    /// The type at the start of `at`; `None` at the end.
    fn read(at: &'b [u8]) -> Option<Self> {
        let info = number(at, 4)?;
        Some(Self {
            name: number(at, 0)?,
            kind: (info >> 24) & 0x1f,
            count: (info & 0xffff) as usize,
            has_bit_fields: info >> 31 == 1,
            behind: at.get(12..)?,
        })
    }

    /// Its length in the section.
    fn bytes(&self) -> usize {
        12 + match self.kind {
            // integer, variable, tag of a declaration
            1 | 14 | 17 => 4,
            // array
            3 => 12,
            // struct, union, section of variables, 64-bit enumeration
            4 | 5 | 15 | 19 => 12 * self.count,
            // enumeration, function prototype
            6 | 13 => 8 * self.count,
            _ => 0,
        }
    }

    /// The offset of a member in bytes; `None` if there is none of this name, or it is a bit field.
    fn member(&self, name: &[u8], sections: &Sections<'_>) -> Option<u64> {
        let members = self.behind.chunks_exact(12).take(self.count);
        let mut of_name = members.filter(|member| number(member, 0).is_some_and(|at| sections.name(at) == name));
        let bits = number(of_name.next()?, 8)?;
        let (width, bits) = if self.has_bit_fields {
            (bits >> 24, bits & 0x00ff_ffff)
        } else {
            (0, bits)
        };
        (width == 0 && bits.is_multiple_of(8)).then_some(u64::from(bits / 8))
    }
}

/// The 32-bit number at an offset.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests;

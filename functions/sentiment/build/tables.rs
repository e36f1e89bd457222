//! Writes the Rust source of the tables: the entries and the trie that finds them.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::csv::Row;

/// The module that `src/lexicon.rs` includes; its types are declared there.
pub fn source(rows: &[Row], csv: &str) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "/// A hash of `lexicon.csv` (FNV-1a, 64 bits): labels of the same version come from the same lexicon.");
    let _ = writeln!(out, "pub const LEXICON_VERSION: &str = \"{:016x}\";", fnv1a(csv.as_bytes()));
    write_entries(&mut out, rows);
    write_trie(&mut out, &Trie::new(rows));
    out
}

/// FNV-1a with its 64-bit parameters: the same on every machine and with every compiler, unlike `std`'s hasher.
/// Source: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn write_entries(out: &mut String, rows: &[Row]) {
    let _ = writeln!(out, "pub(crate) static ENTRIES: [Entry; {}] = [", rows.len());
    for row in rows {
        let (symbol, sentimento, family) = (&row.simbolo, &row.sentimento, row.family);
        let (first, last) = (symbol.chars().next().unwrap_or('\0'), symbol.chars().next_back().unwrap_or('\0'));
        let two_chars = symbol.chars().count() == 2;
        let holds_mask_start = symbol.contains(['@', '#', 'w', 'h', 'H']);
        let shorter = rows
            .iter()
            .enumerate()
            .filter(|(_, other)| other.simbolo != *symbol && symbol.starts_with(&other.simbolo))
            .max_by_key(|(_, other)| other.simbolo.len())
            .map(|(index, _)| index);
        let _ = writeln!(
            out,
            "    Entry {{ symbol: {symbol:?}, sentimento: Sentimento::{sentimento}, family: Family::{family}, \
             first: {first:?}, last: {last:?}, two_chars: {two_chars}, holds_mask_start: {holds_mask_start}, shorter: {shorter:?} }},"
        );
    }
    let _ = writeln!(out, "];");
}

/// A trie over the bytes of the symbols; node 0 is the root.
struct Trie {
    children: Vec<BTreeMap<u8, usize>>,
    /// The entry whose symbol ends at the node.
    entries: Vec<Option<usize>>,
}

impl Trie {
    fn new(rows: &[Row]) -> Self {
        let mut trie = Self { children: vec![BTreeMap::new()], entries: vec![None] };
        for (index, row) in rows.iter().enumerate() {
            let mut node = 0;
            for byte in row.simbolo.bytes() {
                let fresh = trie.children.len();
                node = *trie.children[node].entry(byte).or_insert(fresh);
                if node == fresh {
                    trie.children.push(BTreeMap::new());
                    trie.entries.push(None);
                }
            }
            trie.entries[node] = Some(index);
        }
        trie
    }

    /// Lays all children in one array by row displacement: the child of a node by `byte` is in slot `base + byte`, if
    /// that slot is owned by the base of the node. The crowded nodes choose first, after the root, whose base is 0, so
    /// that the others fit between. No two nodes have the same base; leaves have none.
    fn displace(&self) -> Layout {
        let mut bases = vec![None; self.children.len()];
        let mut slots: Vec<Option<Slot>> = Vec::new();
        let mut order: Vec<usize> = (0..self.children.len()).filter(|&node| !self.children[node].is_empty()).collect();
        order.sort_by_key(|&node| std::cmp::Reverse((node == 0, self.children[node].len())));
        for node in order {
            let children = &self.children[node];
            let fits = |base: &usize| {
                !bases.contains(&Some(*base))
                    && children.keys().all(|&byte| slots.get(base + usize::from(byte)).is_none_or(Option::is_none))
            };
            // Beyond the last slot every base is free.
            let base = (0..=slots.len()).find(fits).unwrap_or(slots.len());
            slots.resize(slots.len().max(base + 256), None);
            for (&byte, &child) in children {
                slots[base + usize::from(byte)] = Some(Slot { owner: base, child });
            }
            bases[node] = Some(base);
        }
        Layout { bases, slots }
    }
}

struct Layout {
    /// By node.
    bases: Vec<Option<usize>>,
    slots: Vec<Option<Slot>>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// The base of the parent.
    owner: usize,
    /// The node.
    child: usize,
}

fn write_trie(out: &mut String, trie: &Trie) {
    let Layout { bases, slots } = trie.displace();
    let _ = writeln!(out, "static SLOTS: [Slot; {}] = [", slots.len());
    for slot in &slots {
        // Behind a leaf there is no slot, and a free slot is owned by a base that does not exist.
        let (owner, base, entry) = match *slot {
            Some(Slot { owner, child }) => (owner, bases[child].unwrap_or(slots.len()), trie.entries[child]),
            None => (usize::from(u16::MAX), slots.len(), None),
        };
        let _ = writeln!(out, "    Slot {{ owner: {owner}, base: {base}, entry: {entry:?} }},");
    }
    let _ = writeln!(out, "];");
}

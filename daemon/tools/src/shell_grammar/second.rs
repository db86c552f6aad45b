//! A second reader: the grammar of tree-sitter must find the same commands in the same places.
//!
//! Two readers that were made apart seldom err in the same way. Where they differ, nobody here
//! knows what the shell will do.

use std::cell::RefCell;

use tree_sitter::{Node, Parser};

thread_local! {
    /// Making a reader costs more than reading a line.
    static READER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// How deep the tree may be.
const DEPTH: usize = 400;

/// Returns where each simple command begins; `None` where the line does not read.
pub(super) fn starts(text: &str) -> Option<Vec<usize>> {
    let tree = READER.with_borrow_mut(|reader| {
        if reader.is_none() {
            let mut parser = Parser::new();
            parser
                .set_language(&tree_sitter_bash::LANGUAGE.into())
                .ok()?;
            *reader = Some(parser);
        }
        let parser = reader.as_mut()?;
        parser.reset();
        parser.parse(text, None)
    })?;
    let root = tree.root_node();
    if root.has_error() {
        return None;
    }
    let mut starts = Vec::new();
    collect(root, 0, &mut starts)?;
    starts.sort_unstable();
    Some(starts)
}

fn collect(node: Node<'_>, depth: usize, starts: &mut Vec<usize>) -> Option<()> {
    if depth > DEPTH || node.is_missing() {
        return None;
    }
    match node.kind() {
        "command" => starts.extend(
            node.child_by_field_name("name")
                .map(|name| name.start_byte()),
        ),
        "declaration_command" | "unset_command" => starts.push(node.start_byte()),
        "test_command" if node.child(0).is_some_and(|first| first.kind() == "[") => {
            starts.push(node.start_byte());
        }
        _ => {}
    }
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        collect(child, depth + 1, starts)?;
    }
    Some(())
}

//! Markdown as lines of a terminal.
//!
//! Owns the look of headings, lists, code, quotes, tables and links. Raw HTML is shown as it is.
//! Callers give text that passed [`crate::sanitize`].

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::paints::Paints;
use super::text::{Indent, chop_spans, width, wrap};
use crate::links::{Links, agree};
use crate::paint::Painted;
use crate::theme::Theme;

/// A line of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Laid {
    pub(crate) line: Line<'static>,
    /// The number of the block of code that it is of, from 0.
    pub(crate) code: Option<usize>,
}

/// Returns Markdown as lines of at most `room` cells.
pub(crate) fn markdown(text: &str, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let laid = laid(text, room, theme, None).into_iter();
    laid.map(|own| own.line).collect()
}

/// What a page is furnished with beside its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Means<'a> {
    pub(crate) paints: &'a Paints,
    pub(crate) links: &'a Links,
}

/// Returns Markdown as lines of at most `room` cells that know which block of code they are of.
pub(crate) fn laid(text: &str, room: usize, theme: Theme, means: Option<Means<'_>>) -> Vec<Laid> {
    let mut page = Page::new(room.max(1), theme, means);
    for event in parse(text) {
        page.on(event);
    }
    page.finish()
}

/// Returns the blocks of code in Markdown, as they were written.
pub(crate) fn codes(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut code: Option<String> = None;
    for event in parse(text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = Some(String::new()),
            Event::Text(text) => {
                if let Some(code) = &mut code {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => codes.extend(code.take()),
            _ => {}
        }
    }
    codes
}

fn parse(text: &str) -> Parser<'_> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(text, options)
}

/// A list that is open.
struct List {
    /// The number of the next item; `None` for a list without numbers.
    next: Option<u64>,
}

/// A table that is being read.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Vec<Span<'static>>>>,
}

struct Page<'a> {
    means: Option<Means<'a>>,
    room: usize,
    theme: Theme,
    lines: Vec<Laid>,
    /// How many blocks of code there were.
    codes: usize,
    /// What is said in the paragraph, heading or cell at hand.
    spans: Vec<Span<'static>>,
    styles: Vec<Style>,
    lists: Vec<List>,
    /// What stands before the first line of the item at hand.
    marker: Option<String>,
    /// How far each open item is indented.
    indents: Vec<usize>,
    quotes: usize,
    /// The language and the text of a block of code.
    code: Option<(String, String)>,
    table: Option<Table>,
    link: Option<(String, usize)>,
    /// True where a blank line belongs before the next block.
    gap: bool,
}

impl<'a> Page<'a> {
    fn new(room: usize, theme: Theme, means: Option<Means<'a>>) -> Self {
        Self {
            means,
            room,
            theme,
            lines: Vec::new(),
            codes: 0,
            spans: Vec::new(),
            styles: Vec::new(),
            lists: Vec::new(),
            marker: None,
            indents: Vec::new(),
            quotes: 0,
            code: None,
            table: None,
            link: None,
            gap: false,
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn push_style(&mut self, modifier: Modifier) {
        self.styles.push(self.style().add_modifier(modifier));
    }

    fn say(&mut self, text: impl Into<String>, style: Style) {
        self.spans.push(Span::styled(text.into(), style));
    }

    fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None if self.link.is_none() => self.say_linked(&text),
                None => self.say(text.into_string(), self.style()),
            },
            Event::Code(code) => {
                let (quiet, style) = (self.theme.quiet(), self.style());
                self.say("`", quiet);
                self.say(code.into_string(), style);
                self.say("`", quiet);
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                self.say(html.into_string(), self.theme.quiet());
            }
            Event::SoftBreak => self.say(" ", self.style()),
            Event::HardBreak => self.say("\n", self.style()),
            Event::Rule => {
                self.begin_block();
                let room = self.inner_room();
                self.spans = vec![Span::styled("─".repeat(room.min(40)), self.theme.quiet())];
                self.flush();
            }
            Event::TaskListMarker(done) => {
                let sign = if done { "✓ " } else { "○ " };
                self.say(
                    sign,
                    if done {
                        self.theme.good()
                    } else {
                        self.theme.quiet()
                    },
                );
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin_block(),
            Tag::Heading { .. } => {
                self.begin_block();
                self.push_style(Modifier::BOLD);
            }
            Tag::BlockQuote(_) => {
                self.begin_block();
                self.quotes += 1;
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::List(next) => {
                self.flush();
                if self.lists.is_empty() {
                    self.begin_block();
                }
                self.lists.push(List { next });
            }
            Tag::Item => {
                self.flush();
                let marker = match self.lists.last_mut() {
                    Some(List { next: Some(next) }) => {
                        *next += 1;
                        format!("{}. ", *next - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.indents.push(marker.len());
                self.marker = Some(marker);
                self.gap = false;
            }
            Tag::Emphasis => self.push_style(Modifier::ITALIC),
            Tag::Strong => self.push_style(Modifier::BOLD),
            Tag::Strikethrough => self.push_style(Modifier::CROSSED_OUT),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.link = Some((dest_url.into_string(), self.spans.len()));
                self.push_style(Modifier::UNDERLINED);
            }
            Tag::Table(alignments) => {
                self.begin_block();
                self.table = Some(Table {
                    alignments,
                    rows: Vec::new(),
                });
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_block(),
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.end_block();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
                self.gap = true;
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
                self.gap = self.lists.is_empty();
            }
            TagEnd::Item => {
                self.flush();
                // An item without a word still shows its marker.
                if self.marker.is_some() {
                    self.spans.push(Span::raw(String::new()));
                    self.flush();
                }
                self.indents.pop();
                self.gap = false;
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let room = self.inner_room();
                    for line in table.lines(room, self.theme) {
                        self.put(line.spans);
                    }
                    self.gap = true;
                }
            }
            _ => {}
        }
    }

    /// Says where a link goes, unless its words do: a link never hides its target.
    fn end_link(&mut self) {
        self.styles.pop();
        let Some((url, from)) = self.link.take() else {
            return;
        };
        let words: String = self
            .spans
            .iter()
            .skip(from)
            .map(|span| span.content.as_ref())
            .collect();
        if !agree(&words, &url) && !url.is_empty() {
            self.say(format!(" ({url})"), self.theme.quiet());
        }
        if let Some(means) = self.means {
            for span in self.spans.iter_mut().skip(from) {
                span.style = means.links.style(span.style, &url);
            }
        }
    }

    /// Says words, of which addresses of the web are links to themselves.
    fn say_linked(&mut self, text: &str) {
        let style = self.style();
        let mut rest = text;
        while let Some((before, url, after)) = address(rest) {
            if !before.is_empty() {
                self.say(before, style);
            }
            let own = style.add_modifier(Modifier::UNDERLINED);
            let own = self.means.map_or(own, |means| means.links.style(own, url));
            self.say(url, own);
            rest = after;
        }
        if !rest.is_empty() {
            self.say(rest, style);
        }
    }

    fn end_code(&mut self) {
        let Some((language, code)) = self.code.take() else {
            return;
        };
        let bar = Indent::both(vec![Span::styled("│ ", self.theme.quiet())]);
        let room = self.inner_room();
        let code = code.trim_end_matches('\n');
        let painted = self.means.and_then(|own| own.paints.of(&language, code));
        let spans = match &painted {
            Some(painted) => in_colours(code, painted, self.theme),
            None => vec![Span::styled(code, self.theme.text())],
        };
        for line in chop_spans(&spans, room, &bar) {
            self.put(line.spans);
            if let Some(laid) = self.lines.last_mut() {
                laid.code = Some(self.codes);
            }
        }
        self.codes += 1;
        self.gap = true;
    }

    fn begin_block(&mut self) {
        self.flush();
        if self.gap && self.marker.is_none() {
            let blank = if self.quotes > 0 {
                self.before()
            } else {
                Vec::new()
            };
            self.lines.push(Laid {
                line: Line::from(blank),
                code: None,
            });
        }
        self.gap = false;
    }

    fn end_block(&mut self) {
        self.flush();
        self.gap = true;
    }

    /// Returns what stands before the next line.
    fn before(&mut self) -> Vec<Span<'static>> {
        let marker = self.marker.take();
        let outer = self
            .indents
            .len()
            .saturating_sub(usize::from(marker.is_some()));
        let indent: usize = self.indents.iter().take(outer).sum();
        let mut spans = Vec::new();
        if self.quotes > 0 {
            spans.push(Span::styled("│ ".repeat(self.quotes), self.theme.quiet()));
        }
        if indent > 0 {
            spans.push(Span::raw(" ".repeat(indent)));
        }
        if let Some(marker) = marker {
            spans.push(Span::styled(marker, self.theme.quiet()));
        }
        spans
    }

    fn inner_room(&self) -> usize {
        let taken = self.indents.iter().sum::<usize>() + 2 * self.quotes;
        self.room.saturating_sub(taken).max(1)
    }

    fn put(&mut self, spans: Vec<Span<'static>>) {
        let mut line = self.before();
        line.extend(spans);
        self.lines.push(Laid {
            line: Line::from(line),
            code: None,
        });
    }

    /// Wraps what was said and puts it on the page.
    fn flush(&mut self) {
        if self.spans.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.spans);
        let room = self.inner_room();
        for line in wrap(&spans, room, &Indent::default()) {
            self.put(line.spans);
        }
    }

    fn finish(mut self) -> Vec<Laid> {
        self.end_code();
        self.flush();
        self.lines
    }
}

/// Returns code in the styles of its pieces.
fn in_colours<'c>(code: &'c str, painted: &Painted, theme: Theme) -> Vec<Span<'c>> {
    let mut spans = Vec::new();
    let mut from = 0;
    for (range, token) in painted {
        // It was painted as it stood then; a piece that does not fit stays plain.
        let (Some(plain), Some(words)) = (code.get(from..range.start), code.get(range.clone()))
        else {
            break;
        };
        spans.push(Span::styled(plain, theme.text()));
        spans.push(Span::styled(words, theme.code(*token)));
        from = range.end;
    }
    spans.push(Span::styled(
        code.get(from..).unwrap_or_default(),
        theme.text(),
    ));
    spans
}

/// Finds the first address of the web in a text: what stands before it, it, and what follows.
fn address(text: &str) -> Option<(&str, &str, &str)> {
    let at = match (text.find("https://"), text.find("http://")) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other)?,
    };
    let rest = text.get(at..)?;
    let end = rest
        .find(|c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '`' | '|'))
        .unwrap_or(rest.len());
    let url = rest.get(..end)?;
    // A full stop ends the sentence, and a bracket belongs to it where it was not opened inside.
    let mut url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    while url.ends_with(')') && url.matches('(').count() < url.matches(')').count() {
        url = url.get(..url.len() - 1)?.trim_end_matches(['.', ',']);
    }
    if url.ends_with("://") {
        return None;
    }
    Some((text.get(..at)?, url, rest.get(url.len()..)?))
}

impl Table {
    fn lines(&self, room: usize, theme: Theme) -> Vec<Line<'static>> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        if columns == 0 {
            return Vec::new();
        }
        let widths = self.widths(columns, room);
        let mut lines = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let head = number == 0;
            let cells: Vec<Vec<Line<'static>>> = widths
                .iter()
                .enumerate()
                .map(|(column, wide)| {
                    let mut cell = row.get(column).cloned().unwrap_or_default();
                    if head {
                        for span in &mut cell {
                            span.style = span.style.add_modifier(Modifier::BOLD);
                        }
                    }
                    wrap(&cell, *wide, &Indent::default())
                })
                .collect();
            let tall = cells.iter().map(Vec::len).max().unwrap_or(1);
            for at in 0..tall {
                lines.push(self.line(&cells, at, &widths, theme));
            }
            if head && self.rows.len() > 1 {
                let rule: Vec<String> = widths.iter().map(|wide| "─".repeat(*wide)).collect();
                lines.push(Line::styled(rule.join("─┼─"), theme.quiet()));
            }
        }
        lines
    }

    fn line(
        &self,
        cells: &[Vec<Line<'static>>],
        at: usize,
        widths: &[usize],
        theme: Theme,
    ) -> Line<'static> {
        let mut spans = Vec::new();
        for (column, (cell, wide)) in cells.iter().zip(widths).enumerate() {
            if column > 0 {
                spans.push(Span::styled(" │ ", theme.quiet()));
            }
            let own = cell
                .get(at)
                .map(|line| line.spans.clone())
                .unwrap_or_default();
            let used: usize = own.iter().map(|span| width(&span.content)).sum();
            let free = wide.saturating_sub(used);
            let before = match self.alignments.get(column) {
                Some(Alignment::Right) => free,
                Some(Alignment::Center) => free / 2,
                _ => 0,
            };
            spans.push(Span::raw(" ".repeat(before)));
            spans.extend(own);
            spans.push(Span::raw(" ".repeat(free - before)));
        }
        Line::from(spans)
    }

    /// Gives each column what it needs, and takes from the widest where that is too much.
    fn widths(&self, columns: usize, room: usize) -> Vec<usize> {
        let mut widths = vec![1; columns];
        for row in &self.rows {
            for (wide, cell) in widths.iter_mut().zip(row) {
                let own: usize = cell.iter().map(|span| width(&span.content)).sum();
                *wide = (*wide).max(own);
            }
        }
        let room = room.saturating_sub(3 * (columns - 1)).max(columns);
        let mut over = widths.iter().sum::<usize>().saturating_sub(room);
        while over > 0 {
            let Some(widest) = widths.iter_mut().max_by_key(|wide| **wide) else {
                break;
            };
            if *widest <= 1 {
                break;
            }
            *widest -= 1;
            over -= 1;
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, room: usize) -> String {
        let lines = markdown(text, room, Theme::plain());
        lines
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_page_of_everything() {
        let text = "# Title\nSome *words* with `code`\nand a [link](https://x.org).\n\n\
            - one\n- two\n  1. inner item that wraps\n  2. next\n\n> said\n\n\
            ```rust\nfn main() {}\n  deep\n```\n\n| a | number |\n|---|---:|\n| x | 12 |\n";
        insta::assert_snapshot!(shown(text, 30));
    }

    #[test]
    fn addresses_are_found_as_people_write_them() {
        let found = |text| address(text).map(|(_, url, _)| url);
        assert_eq!(found("see https://x.org/a."), Some("https://x.org/a"));
        assert_eq!(found("(https://x.org/a_(b))"), Some("https://x.org/a_(b)"));
        assert_eq!(found("(at http://x.org), or"), Some("http://x.org"));
        assert_eq!(found("https:// and more"), None);
        assert_eq!(found("nothing"), None);
    }

    #[test]
    fn a_link_never_hides_where_it_goes() {
        let shown = shown(
            "[good.org](https://evil.org) [x.org](https://x.org/) https://y.org",
            80,
        );
        assert_eq!(shown, "good.org (https://evil.org) x.org https://y.org");
    }

    #[test]
    fn a_list_item_keeps_its_paragraphs_inside() {
        insta::assert_snapshot!(shown("- one\n\n  more\n\n- two", 20));
    }

    #[test]
    fn a_table_too_wide_wraps_its_cells() {
        insta::assert_snapshot!(shown(
            "|name|what|\n|-|-|\n|ls|lists the files of a folder|",
            20
        ));
    }

    #[test]
    fn half_a_fence_is_code_already() {
        insta::assert_snapshot!(shown("so:\n```\nlet x", 20));
    }
}

/* A field for SPARQL: `editor(parent, options)` puts one into `parent`, which is in a shadow tree:
 * there its styles are style sheets that are made, which a content security policy lets pass.
 *
 * options, all optional:
 *   value        what is in it at first
 *   label        its accessible name
 *   describedBy  the id of what tells its keys: Ctrl+Space, and Esc then Tab to leave
 *   phrases      the words of its search panel and messages in another language, as CodeMirror's phrases
 *   onRun()      Ctrl+Enter or ⌘+Enter was pressed
 *   onChange(text)  what is in it has changed, by whomever
 *   complete(prefix)  for Ctrl+Space and each letter after it: what stands before the cursor, of one word,
 *                to a promise of [{label, detail, apply, prefixes}], best first. Chosen, `apply` (or
 *                `label`) replaces the word, and each of `prefixes`, {prefix: IRI}, that the query does
 *                not declare yet is declared.
 *   hover(word)  a compact or whole IRI (`cas:Event`, `<http://…>`) that the pointer rests on, to
 *                {label, detail}, a promise of it, or null
 *
 * What is returned:
 *   value()      what is in it
 *   set(text)    replace all of it; undone as one step
 *   insert(text) replace what is selected
 *   focus()
 *   mark(errors) show [{line, column, message}] at their places and no others; both count from 1, the
 *                column in characters, as the engine does. The grammar here only colours: it does not
 *                know SPARQL 1.2, so it never judges.
 *
 * Its colours are the page's variables, so light, dark and print need no script.
 */

import { autocompletion, completionKeymap, pickedCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, LanguageSupport, bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, highlightSpecialChars, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { styleTags, tags } from "@lezer/highlight";
import { SparqlLanguage } from "codemirror-lang-sparql";

const WORD = /<[^<>\s]*>?|[\p{L}\p{N}_.:-]+/u;
const NAME = /<[^<>\s]*>|[\p{L}\p{N}_-]*:[\p{L}\p{N}_-]*/gu;
const DECLARATION = /^[^\S\n]*(?:PREFIX\s+([^\s:]*):|BASE)\s*<[^<>\s]*>/gim;
const HEADING = /^(?:[^\S\n]*(?:#.*)?\n)*/; // comments and empty lines before the query

export function editor(parent, options) {
  const { value = "", label, describedBy, phrases = {}, onRun, onChange, complete, hover } = options;
  const run = () => { onRun?.(); return true; };
  const attributes = {
    ...(label && { "aria-label": label }),
    ...(describedBy && { "aria-describedby": describedBy }),
  };
  const view = new EditorView({
    parent,
    doc: value,
    extensions: [
      EditorState.phrases.of(phrases),
      EditorView.contentAttributes.of(attributes),
      EditorView.updateListener.of((update) => { if (update.docChanged) onChange?.(update.state.doc.toString()); }),
      EditorView.domEventHandlers({ beforeinput }),
      EditorView.lineWrapping,
      Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Ctrl-Enter", run }])),
      keymap.of([...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, ...defaultKeymap, indentWithTab]),
      lineNumbers(),
      lintGutter(),
      history(),
      search({ top: true }),
      highlightSelectionMatches(),
      highlightSpecialChars(),
      bracketMatching(),
      indentOnInput(),
      SPARQL,
      syntaxHighlighting(COLOURS),
      THEME,
      complete ? autocompletion({ override: [completing(complete)], activateOnTyping: false, icons: false }) : [],
      hover ? hoverTooltip(telling(hover)) : [],
    ],
  });
  return {
    value: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    insert: (text) => { view.dispatch(view.state.replaceSelection(text)); view.focus(); },
    focus: () => view.focus(),
    mark: (errors) => view.dispatch(setDiagnostics(view.state, errors.map((error) => diagnostic(view.state.doc, error)))),
  };
}

/* Type over what is selected: left to itself, Chromium writes an inline style around the letter. */
function beforeinput(event, view) {
  const { main } = view.state.selection;
  if (event.inputType !== "insertText" || !event.data || main.empty || view.composing) return false;
  event.preventDefault();
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

function completing(complete) {
  return async (context) => {
    const word = context.matchBefore(new RegExp(`(?:${WORD.source})$`, "u"));
    const found = await complete(word?.text ?? "");
    if (context.aborted || !found.length) return null;
    // What fits was judged by labels in several languages: it is not judged again by letters.
    return { from: word?.from ?? context.pos, options: found.map(option), filter: false };
  };
}

function option({ label, detail, apply = label, prefixes = {} }) {
  return {
    label,
    detail,
    apply(view, completion, from, to) {
      const declared = declarations(view.state.doc.toString(), prefixes);
      view.dispatch({
        changes: [...declared, { from, to, insert: apply }],
        selection: { anchor: from + apply.length + declared.reduce((sum, { insert }) => sum + insert.length, 0) },
        annotations: pickedCompletion.of(completion),
        userEvent: "input.complete",
      });
    },
  };
}

/* Return the change that declares what `text` does not: after its last declaration, or before its first word. */
function declarations(text, prefixes) {
  const declared = [...text.matchAll(DECLARATION)];
  const names = new Set(declared.map((found) => found[1]));
  const missing = Object.entries(prefixes).filter(([prefix]) => !names.has(prefix));
  if (!missing.length) return [];
  const lines = missing.map(([prefix, iri]) => `PREFIX ${prefix}: <${iri}>`).join("\n");
  const last = declared.at(-1);
  if (last) return [{ from: last.index + last[0].length, insert: `\n${lines}` }];
  return [{ from: HEADING.exec(text)[0].length, insert: `${lines}\n` }];
}

function telling(hover) {
  return async (view, position) => {
    const line = view.state.doc.lineAt(position);
    const word = [...line.text.matchAll(NAME)].find(
      ({ index, 0: name }) => line.from + index <= position && position < line.from + index + name.length,
    );
    const told = word && (await hover(word[0]));
    if (!told) return null;
    return { pos: line.from + word.index, end: line.from + word.index + word[0].length, create: () => ({ dom: tip(told) }) };
  };
}

function tip({ label, detail }) {
  const dom = document.createElement("div");
  dom.className = "cm-told";
  for (const [name, text] of [["strong", label], ["span", detail]]) {
    if (text) dom.appendChild(document.createElement(name)).textContent = text;
  }
  return dom;
}

/* Return a mark from where the engine stopped to the end of the word; at the end of a line, on its last letter. */
function diagnostic(doc, { line, column, message }) {
  const { from, text } = doc.line(Math.max(1, Math.min(line, doc.lines)));
  const before = [...text].slice(0, column - 1).join("").length; // characters to UTF-16 units
  const word = /^\S[\p{L}\p{N}_:-]*/u.exec(text.slice(before));
  const start = word ? before : text.trimEnd().replace(/.$/su, "").length;
  return { from: from + start, to: from + (word ? before + word[0].length : text.length), severity: "error", message };
}

// The grammar gives no colour to names, languages and `a`.
const NAMES = styleTags({ "Pname_ln Pname_ns": tags.url, Langtag: tags.annotation, A_predicate: tags.keyword });
const SPARQL = new LanguageSupport(SparqlLanguage.configure({ props: [NAMES] }));

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--person)" },
  { tag: [tags.namespace, tags.url, tags.typeName], color: "var(--place)" },
  { tag: [tags.string, tags.number, tags.bool, tags.annotation], color: "var(--event)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const BOX = { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "7px" };
const THEME = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--raised)", border: "1px solid var(--edge)", borderRadius: "7px", fontSize: "0.86rem" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "10rem" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.6rem 0" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--soft)", borderRight: "1px solid var(--rule)" },
  ".cm-gutter-lint": { width: "1.2em" },
  "&.cm-focused .cm-matchingBracket, .cm-selectionMatch, .cm-searchMatch": {
    backgroundColor: "color-mix(in srgb, var(--tint) 30%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { outline: "1px solid var(--edge)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--wrong)" },
  ".cm-searchMatch-selected": { outline: "2px solid var(--focus)" },
  ".cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)", borderRadius: "7px 7px 0 0" },
  ".cm-panels-top": { borderBottom: "1px solid var(--rule)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--rule)" },
  ".cm-panel.cm-search": { padding: "0.4rem 2rem 0.4rem 0.6rem", fontFamily: "var(--sans)" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", margin: "0 0.6rem 0 0", fontSize: "0.86rem" },
  ".cm-panel.cm-search .cm-textfield": { ...BOX, margin: "0.2rem 0.6rem 0.2rem 0", padding: "0.2rem 0.5rem", font: "0.86rem var(--mono)" },
  ".cm-panel.cm-search .cm-button": { ...BOX, margin: "0.2rem 0.3rem 0.2rem 0", padding: "0.2rem 0.7rem", backgroundImage: "none", font: "0.86rem var(--sans)" },
  ".cm-panel.cm-search button[name=close]": { minWidth: "24px", color: "var(--ink)", font: "1.22rem var(--sans)", cursor: "pointer" },
  ".cm-tooltip": { ...BOX, boxShadow: "0 2px 10px #0003", fontFamily: "var(--sans)", maxWidth: "min(34rem, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--sans)", maxHeight: "16rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25rem 0.6rem", minHeight: "24px", whiteSpace: "normal" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--paper)",
    outline: "2px solid transparent", // seen where colours are forced
    outlineOffset: "-2px",
  },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-told": { padding: "0.4rem 0.7rem", fontSize: "0.86rem", lineHeight: "1.4" },
  ".cm-told strong": { display: "block" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--wrong) 1.5px", textUnderlineOffset: "0.2em" },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--wrong)" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--wrong)", fontFamily: "var(--sans)", fontSize: "0.86rem" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "color-mix(in srgb, var(--tint) 30%, transparent)" },
  ".cm-lint-marker-error": { content: "none" },
  ".cm-lint-marker-error::before": { content: '"!"', color: "var(--wrong)", font: "700 0.86rem/1.6 var(--sans)" },
});

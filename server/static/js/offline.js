// The copy in one file: it asks the graph that it carries, and keeps what is chosen in the address.
//
// What is shown is chosen by the style sheet, by the fragment of the address. Here claims are marked
// in the text, keys go from one to the next, and queries are answered by the engine that stands
// before this script.
{
  const MOST = 1000; // rows that are shown
  const root = document.documentElement;
  const told = JSON.parse(document.getElementById("told").textContent);
  const longest = Object.entries(told.prefixes).sort((a, b) => b[1].length - a[1].length);
  const prologue = Object.entries(told.known).map(([prefix, iri]) => `PREFIX ${prefix}: <${iri}> `).join("");
  const target = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const language = () => target()?.closest(".whole")?.lang ?? told.languages[0];
  const edition = () => document.getElementById(language());
  const leaf = () => target()?.closest(".leaf") ?? edition().querySelector(".leaf");

  function element(tag, about = {}, ...inside) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(about)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  }

  // The claim that is chosen.

  const claimOf = (sheet) => sheet?.closest(".sheet")?.dataset.claim ?? "";
  const sheets = () => [...leaf().querySelectorAll(".sheet")];

  /** Go to a fragment; a claim is shown beside its text, and the text stays where it is. */
  function go(anchor, { still = false } = {}) {
    const top = scrollY;
    location.hash = anchor;
    if (still) scrollTo(0, top);
  }

  function choose(claim) {
    const sheet = sheets().find((each) => each.dataset.claim === claim);
    if (sheet) go(sheet.id, { still: true });
  }

  function mark() {
    const claim = claimOf(target());
    for (const each of document.querySelectorAll("[data-c].chosen")) each.classList.remove("chosen");
    if (claim)
      for (const each of leaf().querySelectorAll(`[data-c~="${CSS.escape(claim)}"]`)) each.classList.add("chosen");
    root.lang = language();
    const here = `#${leaf().id}`;
    for (const link of document.querySelectorAll("nav a")) {
      const current = link.hash === here || link.hash === `#${root.lang}`;
      if (current) link.setAttribute("aria-current", link.hash === here ? "page" : "true");
      else link.removeAttribute("aria-current");
    }
    // The same part in the other languages.
    for (const link of document.querySelectorAll("nav.languages a")) {
      const named = target()?.id.slice(root.lang.length) ?? "";
      link.hash = document.getElementById(link.lang + named) ? link.lang + named : link.lang;
    }
  }

  addEventListener("hashchange", mark);

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[href^='#']");
    const segment = event.target.closest(".seg[data-c]");
    if (link?.dataset.query || link?.dataset.about) {
      event.preventDefault();
      go(link.hash.slice(1));
      ask(link.dataset.query ?? about(link.dataset.about));
    } else if (sheets().some((each) => `#${each.id}` === link?.hash)) {
      event.preventDefault();
      go(link.hash.slice(1), { still: true });
    } else if (!link && segment && !String(getSelection())) {
      const names = segment.dataset.c.split(" ");
      choose(names[(names.indexOf(claimOf(target())) + 1) % names.length]);
    }
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const step = { j: 1, k: -1 }[event.key];
    if (step && sheets().length) {
      const at = sheets().findIndex((each) => each === target());
      const next = sheets()[Math.max(0, Math.min(sheets().length - 1, at + step))];
      go(next.id, { still: true });
      leaf().querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Escape" && claimOf(target())) go(leaf().id, { still: true });
    else if (/^[a-z]$/.test(event.key)) {
      document.querySelector(`.edition[lang="${root.lang}"] [data-key="${event.key}"]`)?.click();
    }
  });

  // The graph.

  async function unpacked(id) {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (each) => each.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  async function open() {
    const nquads = await unpacked("quads");
    return Cassibile.open({ wasm: document.getElementById("wasm").textContent, nquads });
  }

  function say(which) {
    for (const form of document.querySelectorAll("form.ask")) form.querySelector(".said").textContent = form.dataset[which];
  }

  let graph;
  say("opening");
  // After the first picture, since to load the graph takes a while.
  const opened = new Promise((done) => requestAnimationFrame(() => setTimeout(done))).then(open).then(
    (found) => {
      graph = found;
      say("ready");
      root.dataset.ready = "";
    },
    () => {
      say("failed");
      root.dataset.ready = "failed";
    },
  );

  // A query.

  const about = (iri) =>
    `SELECT DISTINCT ?property ?value {\n  { <${iri}> ?property ?value } UNION { GRAPH ?graph { <${iri}> ?property ?value } }\n}\nORDER BY ?property ?value`;

  /** What of a query is read as words: without its comments, strings and addresses. */
  const bare = (text) =>
    text.replace(/"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|<[^<>"{}|^`\\\s]*>|#.*/g, " ");

  function mistake(form, text, error) {
    const said = String(error.message ?? error);
    const words = bare(text);
    const { dataset } = form;
    const found = element("div", { class: "note wrong mistake", role: "alert" });
    const known = /\bSERVICE\b/i.test(words) ? dataset.service
      : /\bf:\w/.test(words) ? dataset.function
        : /^\s*(PREFIX\s+\S*\s*|BASE\s*)*(INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)\b/i.test(words) ? dataset.update : "";
    const place = /(\d+):(\d+)/.exec(said);
    if (!known && place) {
      const line = Number(place[1]);
      const column = Number(place[2]) - (line === 1 ? prologue.length : 0);
      const where = dataset.place.replace("{line}", line).replace("{column}", Math.max(1, column));
      found.append(element("p", {}, `${where} `, element("strong", {}, dataset.unreadable)));
    } else found.append(element("p", {}, element("strong", {}, known || dataset.unreadable)));
    if (!known) {
      found.append(element("details", {}, element("summary", {}, dataset.details), element("p", { lang: "en" }, said)));
    }
    return found;
  }

  async function ask(text) {
    const form = edition().querySelector("form.ask");
    if (text !== undefined) form.querySelector("textarea").value = text;
    await opened;
    if (!graph) return;
    const asked = form.querySelector("textarea").value;
    const place = form.parentElement.querySelector(".answered");
    try {
      if (/\bSERVICE\b/i.test(bare(asked))) throw new Error("SERVICE"); // SILENT would answer with nothing
      const answer = graph.query(prologue + asked);
      place.replaceChildren(...drawn(answer, form.dataset, asked));
    } catch (error) {
      place.replaceChildren(mistake(form, asked, error));
    }
    form.querySelector(".said").textContent = "";
  }

  for (const form of document.querySelectorAll("form.ask"))
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask();
    });

  // An answer.

  function drawn(answer, words) {
    if (answer.kind === "boolean") return [element("p", { class: "verdict" }, answer.boolean ? words.yes : words.no)];
    const triples = answer.kind === "triples";
    const names = triples ? ["subject", "predicate", "object"] : answer.variables;
    const rows = triples ? answer.triples : answer.rows;
    if (!rows.length) return [element("p", {}, words.none)];
    const headings = triples ? words.sides.split("|") : names.map(heading);
    const head = element("tr", {}, ...headings.map((name) => element("th", { scope: "col" }, name)));
    const body = rows.slice(0, MOST).map((row) =>
      element("tr", {}, ...names.map((name, at) => element("td", { "data-name": headings[at] }, ...cell(row[name])))));
    const table = element("table", { class: "answer" }, element("thead", {}, head), element("tbody", {}, ...body));
    const spoken = (number) => number.toLocaleString("en").replaceAll(",", words.thousands);
    const count = rows.length === 1 ? words.oneRow : words.rows.replace("{count}", spoken(rows.length));
    const frame = { class: "wide", tabindex: "0", role: "region", "aria-label": words.answer };
    const cut = rows.length > MOST ? [element("p", { class: "note" }, words.first.replace("{count}", spoken(MOST)))] : [];
    return [element("p", { class: "figures count" }, count), element("div", frame, table), ...cut];
  }

  const heading = (name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, " ").replaceAll("_", " ").toLowerCase();

  function short(iri) {
    const [prefix, begin] = longest.find(([, each]) => iri.startsWith(each) && iri !== each) ?? [];
    return prefix ? `${prefix}:${iri.slice(begin.length)}` : `<${iri}>`;
  }

  const written = (term) =>
    term.type === "triple" ? `<<( ${["subject", "predicate", "object"].map((side) => written(term.value[side])).join(" ")} )>>`
      : term.type === "uri" ? `<${term.value}>` : term.value;

  /** A term for a reader, as the server shows it. */
  function cell(term) {
    if (!term) return [];
    if (term.type !== "uri") {
      const spoken = term["xml:lang"];
      const words = element("span", spoken ? { lang: spoken } : {}, written(term));
      return spoken ? [words, " ", element("small", { class: "soft" }, spoken)] : [words];
    }
    const name = short(term.value);
    const label = told.labels[name]?.[told.languages.indexOf(language())] ?? name;
    const parts = label === name ? [label] : [label, " ", element("code", {}, name)];
    const anchor = anchorOf(name);
    if (anchor) return [element("a", { class: "term", href: `#${anchor}` }, ...parts)];
    if (term.value.startsWith(told.base))
      return [element("a", { class: "term", href: `#${language()}-query`, "data-about": term.value }, ...parts)];
    if (/^https?:/.test(term.value)) return [element("a", { class: "term", href: term.value }, ...parts)];
    return [element("span", {}, ...parts)];
  }

  /** Where a claim or a text stands in the file. */
  function anchorOf(name) {
    const [, text, , claim] = /^text:([\w-]+)(\/claim\/([\w-]+))?$/.exec(name) ?? [];
    if (!text) return "";
    const anchor = claim ? `${language()}-claim-${text}-${claim}` : `${language()}-text-${text}`;
    return document.getElementById(anchor) ? anchor : "";
  }

  // A reader who comes without a fragment is met in a language of theirs.
  const preferred = navigator.languages.map((each) => each.slice(0, 2)).find((each) => told.languages.includes(each));
  if (!location.hash && preferred && preferred !== told.languages[0]) location.replace(`#${preferred}`);
  mark();
}

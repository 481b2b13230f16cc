/* SPARQL without a server: `Cassibile.open({wasm, nquads})`, for the copy in a single file.
 *
 * `wasm` is oxigraph.wasm in base64, as it is or gzipped, or a URL of it; `nquads` the text of the
 * graph. What is returned, when the graph is loaded, has `query(text, {graphs})`, which throws what
 * the engine says. `graphs` are the IRIs that together are the default graph; without them it is the
 * default graph of `nquads`. The answer, with terms as in the SPARQL 1.1 Query Results JSON Format:
 *
 *   {kind: "rows", variables: ["who"], rows: [{who: {type, value, "xml:lang", datatype}}]}
 *   {kind: "boolean", boolean: true}
 *   {kind: "triples", triples: [{subject, predicate, object}]}
 */

import init, { Store, namedNode } from "oxigraph";

export async function open({ wasm, nquads }) {
  await init({ module_or_path: isUrl(wasm) ? new URL(wasm, document.baseURI) : await unpacked(wasm) });
  const store = new Store();
  store.load(nquads, { format: "application/n-quads" });
  return { query: (text, { graphs } = {}) => query(store, text, graphs) };
}

function query(store, text, graphs) {
  const options = graphs ? { default_graph: graphs.map((graph) => namedNode(graph)) } : {};
  const answer = JSON.parse(store.query(text, { ...options, results_format: "json" }));
  if (Array.isArray(answer)) { // JSON-LD: the answer is a graph
    return { kind: "triples", triples: store.query(text, options).map(triple) };
  }
  if ("boolean" in answer) return { kind: "boolean", boolean: answer.boolean };
  return { kind: "rows", variables: answer.head.vars, rows: answer.results.bindings };
}

function triple({ subject, predicate, object }) {
  return { subject: term(subject), predicate: term(predicate), object: term(object) };
}

function term(node) {
  switch (node.termType) {
    case "NamedNode": return { type: "uri", value: node.value };
    case "BlankNode": return { type: "bnode", value: node.value };
    case "Quad": return { type: "triple", value: triple(node) };
  }
  const { value, language, datatype } = node;
  if (language) return { type: "literal", value, "xml:lang": language };
  const plain = datatype.value === "http://www.w3.org/2001/XMLSchema#string";
  return plain ? { type: "literal", value } : { type: "literal", value, datatype: datatype.value };
}

function isUrl(wasm) {
  return /^[./]|^[a-z]+:/.test(wasm.slice(0, 16));
}

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes; // not gzipped
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

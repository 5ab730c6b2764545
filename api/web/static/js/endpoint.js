// Talks to the SPARQL endpoint of this service, and to nobody else.

const ENDPOINT = "/sparql";
const FORMATS = [["csv", "CSV"], ["json", "JSON"], ["geojson", "GeoJSON"]];
const GRAPH_FORMATS = [["turtle", "Turtle"], ["nt", "N-Triples"], ["jsonld", "JSON-LD"]];
// What CONSTRUCT and DESCRIBE are asked for in; SELECT and ASK have it not.
const GRAPH = "application/ld+json";

// What the service says is wrong: a problem document (RFC 9457).
export class Problem extends Error {
  constructor(document) {
    super(document.detail ?? document.title);
    this.title = document.title ?? "Error";
    this.line = document.line ?? null;
    this.column = document.column ?? null;
    this.queryId = document.query_id ?? null;
  }
}

export async function ask(query, mediaType, signal) {
  let response;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      headers: { "Content-Type": "application/sparql-query", Accept: `${mediaType}, ${GRAPH};q=0.5` },
      body: query,
      signal,
    });
    if (response.ok) {
      const document = await response.json();
      const isGraph = response.headers.get("Content-Type").startsWith(GRAPH);
      return { document: isGraph ? triplesOf(document) : document, isGraph, id: response.headers.get("X-Query-Id") };
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    // The body ended early, or nobody answered: never show a part as the whole.
    const title = response ? "The answer was cut off" : "The service does not answer";
    throw new Problem({ title, detail: String(error.message), query_id: response?.headers.get("X-Query-Id") });
  }
  throw new Problem(await problemDocument(response));
}

// A graph as the solutions that a query for its triples would have.
function triplesOf(nodes) {
  const bindings = nodes.flatMap(({ "@id": subject, "@type": types = [], ...properties }) => [
    ...types.map((type) => triple(subject, RDF_TYPE, { "@id": type })),
    ...Object.entries(properties).flatMap(([predicate, values]) =>
      values.map((value) => triple(subject, predicate, value))),
  ]);
  return { head: { vars: ["subject", "predicate", "object"] }, results: { bindings } };
}

const RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

function triple(subject, predicate, object) {
  return { subject: resource(subject), predicate: resource(predicate), object: term(object) };
}

function resource(id) {
  return id.startsWith("_:") ? { type: "bnode", value: id.slice(2) } : { type: "uri", value: id };
}

function term(value) {
  if ("@id" in value) return resource(value["@id"]);
  const literal = { type: "literal", value: String(value["@value"]) };
  if ("@language" in value) literal["xml:lang"] = value["@language"];
  if ("@type" in value) literal.datatype = value["@type"];
  return literal;
}

async function problemDocument(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { title: `HTTP ${response.status}`, detail: text || response.statusText };
  }
}

export async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Problem(await problemDocument(response));
  return response.json();
}

// Where the same answer is in other formats; GeoJSON only where there are geometries.
export function downloadLinks(query, { isGraph, hasGeometry }) {
  return (isGraph ? GRAPH_FORMATS : FORMATS).filter(([name]) => name !== "geojson" || hasGeometry).map(([name, label]) => ({
    label,
    href: `${ENDPOINT}?${new URLSearchParams({ query, format: name })}`,
    filename: `answer.${name}`,
  }));
}

// Talks to the SPARQL endpoint of this service, and to nobody else.

const ENDPOINT = "/sparql";
const FORMATS = [["csv", "CSV"], ["json", "JSON"], ["geojson", "GeoJSON"]];

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
      headers: { "Content-Type": "application/sparql-query", Accept: mediaType },
      body: query,
      signal,
    });
    if (response.ok) return { document: await response.json(), id: response.headers.get("X-Query-Id") };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    // The body ended early, or nobody answered: never show a part as the whole.
    const title = response ? "The answer was cut off" : "The service does not answer";
    throw new Problem({ title, detail: String(error.message), query_id: response?.headers.get("X-Query-Id") });
  }
  throw new Problem(await problemDocument(response));
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
export function downloadLinks(query, hasGeometry) {
  return FORMATS.filter(([name]) => name !== "geojson" || hasGeometry).map(([name, label]) => ({
    label,
    href: `${ENDPOINT}?${new URLSearchParams({ query, format: name })}`,
    filename: `answer.${name}`,
  }));
}

// The page: an editor, an answer as a table, and a map of it.

import { renderLegend } from "./colours.js";
import { ask, downloadLinks, getJson, Problem } from "./endpoint.js";
import { AnswerMap } from "./map.js";
import { queryOfAddress, setAddress } from "./permalink.js";
import { element, renderTable } from "./results.js";
import { isGeometry, Vocabulary } from "./terms.js";

const JSON_RESULTS = "application/sparql-results+json";
const GEOJSON = "application/geo+json";
const part = (id) => document.getElementById(id);

class Page {
  constructor(vocabulary, examples, land) {
    this.vocabulary = vocabulary;
    this.examples = examples;
    this.running = null;
    this.map = new AnswerMap(part("map"), land, vocabulary);
    this.fillExamples();
    part("form").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    part("stop").addEventListener("click", () => this.running?.abort());
    part("query").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.submit(); }
    });
    addEventListener("hashchange", () => this.runAddress());
  }

  fillExamples() {
    const options = this.examples.map(({ title }, i) => element("option", { value: i, textContent: title }));
    part("examples").append(element("option", { value: "", textContent: "Choose an example …" }), ...options);
    part("examples").addEventListener("change", ({ target }) => {
      if (target.value !== "") { part("query").value = this.examples[target.value].text; this.submit(); }
    });
  }

  submit() {
    if (!setAddress(part("query").value)) this.run(part("query").value);
  }

  runAddress() {
    const query = queryOfAddress();
    if (query === null) return;
    part("query").value = query;
    this.run(query);
  }

  // Resolves to true when the answer is on the screen, to false when there is none.
  async run(query) {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.showRunning(true);
    try {
      await this.answer(query, running.signal);
      return true;
    } catch (error) {
      if (this.running === running) this.showFailure(error);
      return false;
    } finally {
      if (this.running === running) { this.running = null; this.showRunning(false); }
    }
  }

  async answer(query, signal) {
    const started = performance.now();
    const { document: answer, isGraph, id } = await ask(query, JSON_RESULTS, signal);
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    const rows = answer.results?.bindings ?? [];
    const hasGeometry = rows.some((row) => Object.values(row).some(isGeometry));
    // The service knows CRSs, the antimeridian and the poles: it draws, we show.
    const drawing = hasGeometry && !isGraph ? await ask(query, GEOJSON, signal) : null;
    renderTable(part("table"), answer, this.vocabulary);
    const what = isGraph ? "triple" : "row";
    const count = answer.results ? `${rows.length} ${what}${rows.length === 1 ? "" : "s"}` : "an answer";
    part("status").textContent = `${count} in ${seconds} s`;
    part("status").title = `query ${id}`;
    this.showDownloads(query, { isGraph, hasGeometry });
    await this.showMap(drawing?.document ?? null);
  }

  async showMap(collection) {
    const note = part("map-note");
    note.hidden = collection !== null;
    note.textContent = "This answer has no geometries to draw; select a geo:asWKT literal.";
    const shown = collection ?? { type: "FeatureCollection", features: [] };
    renderLegend(part("legend"), await this.map.show(shown));
  }

  showRunning(isRunning) {
    part("run").disabled = isRunning;
    part("stop").hidden = !isRunning;
    if (isRunning) { part("error").hidden = true; part("status").textContent = "Running …"; }
  }

  showDownloads(query, answer) {
    const links = downloadLinks(query, answer).map(({ label, href, filename }) =>
      element("a", { href, download: filename, textContent: label }));
    part("downloads").replaceChildren(...links);
    part("downloads").hidden = false;
  }

  showFailure(error) {
    part("table").replaceChildren();
    part("downloads").hidden = true;
    const isStopped = error.name === "AbortError";
    part("status").textContent = isStopped ? "Stopped; there is no answer." : "There is no answer.";
    if (isStopped) return;
    const problem = error instanceof Problem ? error : new Problem({ title: "Error in this page", detail: String(error) });
    if (problem !== error) console.error(error);
    this.showProblem(problem);
  }

  showProblem(problem) {
    const parts = [element("h3", { textContent: problem.title }), element("pre", { textContent: problem.message })];
    if (problem.line) {
      const go = element("button", { type: "button", className: "link", textContent: `Go to line ${problem.line}, column ${problem.column}` });
      go.addEventListener("click", () => moveCursor(part("query"), problem.line, problem.column));
      parts.push(go);
    }
    if (problem.queryId) parts.push(element("p", { textContent: `Query ${problem.queryId}` }));
    part("error").replaceChildren(...parts);
    part("error").hidden = false;
  }
}

// Columns count characters; a text area counts UTF-16 code units.
function moveCursor(editor, line, column) {
  const lines = editor.value.split("\n");
  const before = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  const within = [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  editor.focus();
  editor.setSelectionRange(before + within, before + within + 1);
}

const LAND = "/static/vendor/world-atlas-2.0.2/land.json";
const [prefixes, concepts, examples, land] = await Promise.all(["/prefixes", "/concepts", "/examples", LAND].map(getJson));
const page = new Page(new Vocabulary(prefixes, concepts), examples, land);

// For tests and the browser's console:
//   pytheas.map    the MapLibre map; its source "answer" holds the features
//   pytheas.run    runs a query as the button does; resolves to whether it has an answer
//   pytheas.idle   resolves when the map has drawn all that it has to draw
window.pytheas = {
  map: page.map.globe,
  run: (query) => { part("query").value = query; return page.run(query); },
  idle: () => new Promise((resolve) => { page.map.globe.once("idle", () => resolve(true)); page.map.globe.triggerRepaint(); }),
};

part("query").value = queryOfAddress() ?? examples[0]?.text ?? "";
if (queryOfAddress() !== null) page.run(queryOfAddress());

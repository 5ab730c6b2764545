// The answer as a table. An IRI links to a query that tells what is known about it.

import { isGeometry, isNumber, showGeometry, showNumber } from "./terms.js";
import { permalink } from "./permalink.js";

const MAX_ROWS = 1000;

export function renderTable(container, answer, vocabulary) {
  container.replaceChildren();
  if (typeof answer.boolean === "boolean") {
    container.append(element("p", { className: "more", textContent: answer.boolean ? "Yes" : "No" }));
    return;
  }
  const rows = answer.results.bindings;
  const body = element("tbody");
  for (const row of rows.slice(0, MAX_ROWS)) {
    body.append(renderRow(answer.head.vars, row, vocabulary));
  }
  const table = element("table");
  table.append(renderHead(answer.head.vars), body);
  container.append(table);
  if (rows.length > MAX_ROWS) {
    const text = `The first ${MAX_ROWS} of ${rows.length} rows; download the answer for all.`;
    container.append(element("p", { className: "more", textContent: text }));
  }
}

function renderHead(variables) {
  const row = element("tr");
  for (const name of variables) row.append(element("th", { scope: "col", textContent: name }));
  const head = element("thead");
  head.append(row);
  return head;
}

function renderRow(variables, binding, vocabulary) {
  const row = element("tr");
  for (const name of variables) row.append(renderCell(binding[name], vocabulary));
  return row;
}

function renderCell(term, vocabulary) {
  const cell = element("td");
  if (!term) return cell;
  if (term.type === "uri") {
    cell.append(renderIri(term.value, vocabulary));
  } else if (isGeometry(term)) {
    cell.className = "geometry";
    cell.textContent = showGeometry(term.value);
  } else if (isNumber(term)) {
    cell.className = "number";
    cell.textContent = showNumber(term.value);
    cell.title = term.value;
  } else {
    cell.textContent = term.value;
    if (term["xml:lang"]) cell.lang = term["xml:lang"];
  }
  return cell;
}

export function renderIri(iri, vocabulary) {
  const link = element("a", { title: iri, href: permalink(aboutQuery(iri)) });
  const colour = vocabulary.concept(iri)?.colour;
  if (colour) link.append(swatch(colour));
  link.append(vocabulary.show(iri));
  return link;
}

export function swatch(colour) {
  const box = element("span", { className: "swatch" });
  box.style.backgroundColor = colour;
  return box;
}

function aboutQuery(iri) {
  return `# What is known about this resource?\nSELECT ?property ?value WHERE {\n  <${iri}> ?property ?value .\n}\n`;
}

export function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

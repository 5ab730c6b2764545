// RDF terms for people: prefixed names, labels of classes, rounded numbers.

const NUMERIC = /#(integer|decimal|double|float|int|long|nonNegativeInteger)$/;
const WKT = "http://www.opengis.net/ont/geosparql#wktLiteral";
const MAX_GEOMETRY_CHARACTERS = 42;
const SIGNIFICANT_DIGITS = 6;
const MIN_SEGMENTS = 5;

export class Vocabulary {
  // `prefixes`: prefix to namespace; `concepts`: IRI to {label, notation, colour}.
  constructor(prefixes, concepts) {
    this.prefixes = Object.entries(prefixes).sort((a, b) => b[1].length - a[1].length);
    this.concepts = concepts;
  }

  concept(iri) {
    return Object.hasOwn(this.concepts, iri) ? this.concepts[iri] : null;
  }

  // The IRI with a prefix where one fits; the longest namespace wins.
  compact(iri) {
    const found = this.prefixes.find(([, namespace]) => iri.startsWith(namespace));
    const local = found ? iri.slice(found[1].length) : "";
    return /^[\w.-]+$/.test(local) ? `${found[0]}:${local}` : lastSegments(iri);
  }

  // A label where the IRI is a class of one of our schemes, else the compact form.
  show(iri) {
    return this.concept(iri)?.label ?? this.compact(iri);
  }
}

// What tells resources of one kind apart is at the end of their IRIs.
function lastSegments(iri) {
  const segments = iri.split("/");
  return segments.length > MIN_SEGMENTS ? `…/${segments.slice(-2).join("/")}` : iri;
}

export function isNumber(term) {
  return term?.type === "literal" && NUMERIC.test(term.datatype ?? "");
}

export function isGeometry(term) {
  return term?.datatype === WKT;
}

export function showNumber(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || Number.isInteger(value)) return text;
  return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

export function showGeometry(literal) {
  const text = literal.replace(/^\s*<[^>]*>\s*/, "");
  const short = text.slice(0, MAX_GEOMETRY_CHARACTERS);
  return short.length < text.length ? `${short}…` : text;
}

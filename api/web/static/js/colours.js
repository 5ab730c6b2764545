// Which colour a feature has: that of its class, from the concept schemes.

import { element, swatch } from "./results.js";

export const COLOUR = "pytheas:colour";

// For classes without a colour of their own: distinguishable with colour blindness too.
const PALETTE = [
  "#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#edc948",
  "#76b7b2", "#e15759", "#9c755f", "#ff9da7", "#8c8c8c",
];

// The features with a number and their colour, and the classes for the legend.
export function colourFeatures(collection, vocabulary, plainColour) {
  const classes = new Map();
  const features = collection.features.map((feature, id) => {
    const iri = classOf(feature.properties, vocabulary);
    const colour = iri ? classColour(classes, iri, vocabulary) : plainColour;
    return { ...feature, id, properties: { ...feature.properties, [COLOUR]: colour } };
  });
  return { collection: { ...collection, features }, classes: [...classes.values()] };
}

// The first value that is a class; the order of the properties is that of the query.
function classOf(properties, vocabulary) {
  const values = Object.values(properties).filter((value) => typeof value === "string");
  return values.find((value) => vocabulary.concept(value)) ?? null;
}

function classColour(classes, iri, vocabulary) {
  if (!classes.has(iri)) {
    const { label, colour } = vocabulary.concept(iri);
    classes.set(iri, { label, colour: colour ?? PALETTE[classes.size % PALETTE.length], count: 0 });
  }
  const entry = classes.get(iri);
  entry.count += 1;
  return entry.colour;
}

export function renderLegend(container, classes) {
  container.hidden = classes.length === 0;
  const list = element("ul");
  for (const { label, colour, count } of [...classes].sort((a, b) => b.count - a.count)) {
    const item = element("li");
    item.append(swatch(colour), `${label} `, element("span", { className: "count", textContent: count }));
    list.append(item);
  }
  container.replaceChildren(element("h3", { textContent: "Class" }), list);
}

// The map: a globe, because web Mercator shows nothing near the poles as it is.

import { Map as Globe, NavigationControl, Popup, ScaleControl } from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import { COLOUR, colourFeatures } from "./colours.js";
import { viewOf } from "./fit.js";
import { graticule } from "./graticule.js";
import { outline } from "./outline.js";
import { element, renderIri } from "./results.js";
import { showNumber } from "./terms.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const LAYERS = ["answer-fill", "answer-line", "answer-point"];
const SOURCES = ["answer", "answer-outline"];
const START = { center: [-10, 75], zoom: 1.2 };
const IS_DARK = matchMedia("(prefers-color-scheme: dark)");

function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
}

function style(land, answer) {
  const isArea = ["==", ["geometry-type"], "Polygon"];
  const isPoint = ["==", ["geometry-type"], "Point"];
  const emphasis = (hovered, otherwise) => ["case", ["boolean", ["feature-state", "hover"], false], hovered, otherwise];
  return {
    version: 8,
    projection: { type: "globe" },
    sources: {
      land: { type: "geojson", data: land },
      coast: { type: "geojson", data: outline(land) },
      graticule: { type: "geojson", data: graticule(10) },
      "fine-graticule": { type: "geojson", data: graticule(1) },
      answer: { type: "geojson", data: answer },
      "answer-outline": { type: "geojson", data: outlines(answer) },
    },
    layers: [
      { id: "ocean", type: "background", paint: { "background-color": variable("ocean") } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": variable("land") } },
      { id: "coast", type: "line", source: "coast", paint: { "line-color": variable("coast"), "line-width": 0.7 } },
      { id: "fine-graticule", type: "line", source: "fine-graticule", minzoom: 4.5, paint: { "line-color": variable("grid"), "line-width": 0.5, "line-opacity": 0.35 } },
      { id: "graticule", type: "line", source: "graticule", paint: { "line-color": variable("grid"), "line-width": 0.7, "line-opacity": 0.6 } },
      { id: "answer-fill", type: "fill", source: "answer", filter: isArea, paint: { "fill-color": ["get", COLOUR], "fill-opacity": emphasis(0.95, 0.75), "fill-antialias": false } },
      { id: "answer-line", type: "line", source: "answer-outline", paint: { "line-color": emphasis(variable("outline"), ["get", COLOUR]), "line-width": emphasis(2, 0.8) } },
      { id: "answer-point", type: "circle", source: "answer", filter: isPoint, paint: { "circle-color": ["get", COLOUR], "circle-radius": 5, "circle-stroke-width": 1, "circle-stroke-color": variable("outline") } },
    ],
  };
}

function outlines(collection) {
  return { ...collection, features: collection.features.map(outline) };
}

export class AnswerMap {
  // `land`: the land of the earth, as a GeoJSON feature.
  constructor(container, land, vocabulary) {
    this.land = land;
    this.vocabulary = vocabulary;
    this.answer = EMPTY;
    this.hovered = null;
    this.popup = new Popup({ maxWidth: "24rem" });
    this.globe = new Globe({ container, style: style(land, EMPTY), ...START, attributionControl: { compact: true, customAttribution: "Coast lines: Natural Earth" } });
    this.globe.addControl(new NavigationControl({ visualizePitch: false }), "top-right");
    this.globe.addControl(new ScaleControl(), "bottom-right");
    this.globe.on("mousemove", LAYERS, (event) => this.hover(event.features[0].id));
    this.globe.on("mouseleave", LAYERS, () => this.hover(null));
    this.globe.on("click", LAYERS, (event) => this.open(event));
    this.loaded = this.globe.once("load");
    IS_DARK.addEventListener("change", () => this.restyle());
  }

  // Draw a FeatureCollection and look at it; returns the classes for the legend.
  async show(collection) {
    await this.loaded;
    const coloured = colourFeatures(collection, this.vocabulary, variable("plain"));
    this.popup.remove();
    this.hover(null);
    this.answer = coloured.collection;
    this.globe.getSource("answer").setData(this.answer);
    this.globe.getSource("answer-outline").setData(outlines(this.answer));
    this.fit();
    return coloured.classes;
  }

  fit() {
    const { clientWidth, clientHeight } = this.globe.getContainer();
    const view = viewOf(this.answer.features, clientWidth, clientHeight);
    if (view) this.globe.jumpTo(view);
  }

  restyle() {
    this.hover(null);
    this.globe.setStyle(style(this.land, this.answer));
  }

  hover(id) {
    if (id === this.hovered) return;
    for (const source of SOURCES) {
      if (this.hovered !== null) this.globe.setFeatureState({ source, id: this.hovered }, { hover: false });
      if (id !== null) this.globe.setFeatureState({ source, id }, { hover: true });
    }
    this.hovered = id;
    this.globe.getCanvas().style.cursor = id === null ? "" : "pointer";
  }

  open(event) {
    const { properties } = this.answer.features[event.features[0].id];
    this.popup.setLngLat(event.lngLat).setDOMContent(this.describe(properties)).addTo(this.globe);
  }

  describe(properties) {
    const list = element("dl", { className: "popup" });
    for (const [name, value] of Object.entries(properties)) {
      if (name === COLOUR) continue;
      const row = element("div");
      const shown = element("dd");
      shown.append(this.describeValue(value));
      row.append(element("dt", { textContent: name }), shown);
      list.append(row);
    }
    return list;
  }

  describeValue(value) {
    if (typeof value === "number") return showNumber(String(value));
    const isIri = typeof value === "string" && /^(https?|urn):/.test(value);
    return isIri ? renderIri(value, this.vocabulary) : String(value);
  }
}

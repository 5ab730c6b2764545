// Meridians and parallels, as GeoJSON. Tiles end at 85.05 degrees, so do meridians.

const LIMIT = 85;
const VERTEX_STEP = 2; // degrees between positions, so that lines bend with the globe

function range(start, end, step) {
  return Array.from({ length: Math.round((end - start) / step) + 1 }, (_, i) => start + i * step);
}

function line(coordinates) {
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } };
}

// Lines every `step` degrees.
export function graticule(step) {
  const latitudes = range(-LIMIT, LIMIT, VERTEX_STEP / 2);
  const meridians = range(-180, 180 - step, step).map((lon) => line(latitudes.map((lat) => [lon, lat])));
  const longitudes = range(-180, 180, VERTEX_STEP);
  const outermost = Math.floor(LIMIT / step) * step;
  const parallels = range(-outermost, outermost, step).map((lat) => line(longitudes.map((lon) => [lon, lat])));
  return { type: "FeatureCollection", features: [...meridians, ...parallels] };
}

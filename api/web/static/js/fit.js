// Where to look so that all of the data is seen, on the sphere: the mean direction of
// all positions and the greatest angle from it. A box of longitudes would go the wrong
// way round the globe at the antimeridian, and means nothing at a pole.

const EARTH_CIRCUMFERENCE_TILES = 512; // pixels around the equator at zoom 0
const RADIANS = Math.PI / 180;
const MAX_ZOOM = 15;
const MAX_LATITUDE = 89;
const FILL = 0.8; // of the shorter side of the map
const MIN_ANGLE = 1e-5; // a single point: about 60 m
const MAX_ANGLE = 1.2; // more than this cannot be seen from one side of a globe

export function* positions(geometry) {
  if (!geometry) return;
  if (geometry.type === "GeometryCollection") {
    for (const part of geometry.geometries) yield* positions(part);
  } else {
    yield* leaves(geometry.coordinates);
  }
}

function* leaves(coordinates) {
  if (typeof coordinates[0] === "number") yield coordinates;
  else for (const part of coordinates) yield* leaves(part);
}

function toVector([longitude, latitude]) {
  const [lon, lat] = [longitude * RADIANS, latitude * RADIANS];
  return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
}

// The smallest view: {center, zoom} for a map of `width` by `height` pixels, or null
// where there is nothing to see.
export function viewOf(features, width, height) {
  const vectors = [];
  for (const feature of features) {
    for (const position of positions(feature.geometry)) vectors.push(toVector(position));
  }
  if (vectors.length === 0) return null;
  const centre = meanDirection(vectors);
  let cosine = 1;
  for (const vector of vectors) cosine = Math.min(cosine, dot(vector, centre));
  const angle = Math.min(Math.max(Math.acos(Math.min(cosine, 1)), MIN_ANGLE), MAX_ANGLE);
  const latitude = Math.asin(centre[2]) / RADIANS;
  const longitude = Math.atan2(centre[1], centre[0]) / RADIANS;
  return {
    center: [longitude, Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude))],
    zoom: zoomFor(angle, latitude, Math.min(width, height)),
  };
}

function meanDirection(vectors) {
  const sum = [0, 0, 0];
  for (const vector of vectors) for (const i of [0, 1, 2]) sum[i] += vector[i];
  const length = Math.hypot(...sum);
  return length > 0 ? sum.map((x) => x / length) : [1, 0, 0];
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// At zoom z the globe is drawn so that its centre has the scale of a Mercator map there.
function zoomFor(angle, latitude, pixels) {
  const cosine = Math.max(Math.cos(latitude * RADIANS), Math.cos(MAX_LATITUDE * RADIANS));
  const circumference = (pixels * FILL * Math.PI * cosine) / Math.sin(angle);
  return Math.min(MAX_ZOOM, Math.log2(circumference / EARTH_CIRCUMFERENCE_TILES));
}

// Outlines without cuts. GeoJSON cuts polygons at the antimeridian and closes them at the
// poles (RFC 7946 section 3.1.9); these edges are no borders and must not be drawn.

function isCut([lon, lat], [nextLon, nextLat]) {
  const alongAntimeridian = Math.abs(lon) === 180 && lon === nextLon;
  const alongPole = Math.abs(lat) === 90 && lat === nextLat;
  return alongAntimeridian || alongPole;
}

// The pieces of a ring between its cuts.
function* pieces(ring) {
  let piece = [ring[0]];
  for (let i = 1; i < ring.length; i += 1) {
    if (isCut(ring[i - 1], ring[i])) {
      if (piece.length > 1) yield piece;
      piece = [];
    }
    piece.push(ring[i]);
  }
  if (piece.length > 1) yield piece;
}

function* lines(geometry) {
  const { type, coordinates } = geometry;
  if (type === "Polygon") for (const ring of coordinates) yield* pieces(ring);
  else if (type === "MultiPolygon") for (const polygon of coordinates) for (const ring of polygon) yield* pieces(ring);
  else if (type === "LineString") yield coordinates;
  else if (type === "MultiLineString") yield* coordinates;
  else if (type === "GeometryCollection") for (const part of geometry.geometries) yield* lines(part);
}

// The same feature with what is to be drawn as lines.
export function outline(feature) {
  const coordinates = feature.geometry ? [...lines(feature.geometry)] : [];
  return { ...feature, geometry: { type: "MultiLineString", coordinates } };
}

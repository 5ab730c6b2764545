"""The queries of Geographica 2 by hand, for the tables of `greece.py` in PostGIS."""

from typing import Final


def _pairs(left: str, relation: str, right: str) -> str:
    return (
        f"SELECT a.iri, b.iri FROM {left} a, {right} b "  # noqa: S608 - ours
        f"WHERE ST_{relation}(a.geom, b.geom)"
    )


def _selected(table: str, relation: str, shape: str) -> str:
    return (
        f"SELECT iri, ST_AsText(geom) FROM {table} "  # noqa: S608 - ours
        f"WHERE ST_{relation}(geom, {{{shape}}})"
    )


SQL: Final = {
    "00_Count_CLC_categories": "SELECT use, count(*) FROM clc WHERE "
    "ST_Intersects(geom, {municipalityWKT}) GROUP BY use",
    "01_Count_GeoNames_categories": "SELECT class, code, count(*) FROM geonames "
    "WHERE ST_Intersects(geom, {municipalityWKT}) GROUP BY class, code",
    "02_Count_GeoNames_categories_in_ContinuousUrbanFabric": "SELECT class, "
    "count(DISTINCT f.iri) FROM clc c JOIN geonames f ON ST_Intersects(c.geom, f.geom) "
    "WHERE use = 'continuousUrbanFabric' AND ST_Intersects(c.geom, {municipalityWKT}) "
    "AND ST_Intersects(f.geom, {municipalityWKT}) GROUP BY class",
    "00_Geocode_left": "SELECT lfromhn, ltohn, ST_AsText(geom), "
    "({houseno} - lfromhn) * ((maxx - minx) / (ltohn - lfromhn)) + maxx, "
    "({houseno} - lfromhn) * ((maxy - miny) / (ltohn - lfromhn)) + maxy FROM census "
    "WHERE parityl = 'E' AND fullname = '{streetname}' AND zipl = {zip} "
    "AND ({houseno} BETWEEN lfromhn AND ltohn OR {houseno} BETWEEN ltohn AND lfromhn)",
    "01_Geocode_right": "SELECT rfromhn, rtohn, ST_AsText(geom), "
    "({houseno} - rfromhn) * ((maxx - minx) / (rtohn - rfromhn)) + maxx, "
    "({houseno} - rfromhn) * ((maxy - miny) / (rtohn - rfromhn)) + maxy FROM census "
    "WHERE parityr = 'O' AND fullname = '{streetname}' AND zipr = {zip} "
    "AND ({houseno} BETWEEN rfromhn AND rtohn OR {houseno} BETWEEN rtohn AND rfromhn)",
    "00_Thematic_Search": "SELECT iri, name, iri || '/geometry', ST_AsText(geom) "
    "FROM geonames WHERE name = '{name}'",
    "01_Get_Around_POIs": "SELECT iri, name, iri || '/geometry', code, parent, class, "
    "ST_AsText(geom) FROM geonames WHERE ST_Intersects(geom, {box})",
    "02_Get_Around_Roads": "SELECT iri, t, label, iri || '/geometry', ST_AsText(geom) "
    "FROM lgd, unnest(CASE WHEN type = 'River' THEN ARRAY[type] "
    "ELSE ARRAY[type, 'HighwayThing'] END) t WHERE ST_Intersects(geom, {box})",
    "00_Get_CLC_areas": "SELECT iri, id, use, iri || '/geometry', ST_AsText(geom) "
    "FROM clc WHERE ST_Intersects(geom, {polygonWKT})",
    "01_Get_highways": "SELECT iri, label, iri || '/geometry', ST_AsText(geom) "
    "FROM lgd WHERE type <> 'River' AND ST_Intersects(geom, {polygonWKT})",
    "02_Get_municipalities": "SELECT ST_AsText(ST_Boundary(geom)), label FROM gag "
    "WHERE ST_Intersects(geom, {polygonWKT})",
    "04_Get_coniferous_forests_in_fire": "SELECT h.iri, ST_AsText(h.geom) "
    "FROM hotspots h JOIN clc a ON ST_Intersects(h.geom, a.geom) "
    "WHERE seen = '{seen}' AND use = 'coniferousForest' "
    "AND ST_Intersects(a.geom, {polygonWKT})",
    "05_Get_road_segments_affected_by_fire": "SELECT r.iri, "
    "ST_AsText(ST_Difference(r.geom, h.geom)) FROM hotspots h JOIN lgd r "
    "ON ST_Intersects(r.geom, h.geom) WHERE type <> 'River' "
    "AND ST_Intersects(r.geom, {polygonWKT})",
    "00_Find_Closest_Populated_Place": "SELECT iri, ST_Distance(geom::geography, "
    "{at}::geography) AS d FROM geonames WHERE code = 'P.PPL' "
    "ORDER BY geom::geography <-> {at}::geography LIMIT 1",
    "01_Find_Closest_Motorway": "SELECT iri, type, label, ST_Distance("
    "geom::geography, {at}::geography) AS d, ST_AsText(geom) FROM lgd "
    "WHERE type = 'Motorway' ORDER BY geom::geography <-> {at}::geography LIMIT 1",
    "00_Q28_Extent_GAG": "SELECT ST_AsText(ST_Extent(geom)::geometry) FROM gag",
    "01_Q29_Union_GAG": "SELECT ST_AsText(ST_Union(geom)) FROM gag",
    "00_Q18_Equals_GeoNames_DBPedia": _pairs("geonames", "Equals", "dbpedia"),
    "01_Q19_Intersects_GeoNames_LGD": _pairs("geonames", "Intersects", "lgd"),
    "02_Q20_Intersects_GeoNames_GAG": _pairs("geonames", "Intersects", "gag"),
    "03_Q21_Intersects_LGD_GAG": _pairs("lgd", "Intersects", "gag"),
    "04_Q22_Within_GeoNames_GAG": _pairs("geonames", "Within", "gag"),
    "05_Q23_Within_LGD_GAG": _pairs("lgd", "Within", "gag"),
    "06_Q24_Within_CLC_GAG": _pairs("clc", "Within", "gag"),
    "07_Q25_Crosses_LGD_GAG": _pairs("lgd", "Crosses", "gag"),
    "08_Q26_Touches_GAG_GAG": _pairs("gag", "Touches", "gag") + " AND a.iri <> b.iri",
    "09_Q27_Overlaps_GAG_CLC": _pairs("gag", "Overlaps", "clc"),
    "00_Q1_Boundary_CLC": "SELECT ST_AsText(ST_Boundary(geom)) FROM clc",
    "01_Q2_Envelope_CLC": "SELECT ST_AsText(ST_Envelope(geom)) FROM clc",
    "02_Q3_ConvexHull_CLC": "SELECT ST_AsText(ST_ConvexHull(geom)) FROM clc",
    "03_Q4_Buffer_GeoNames": "SELECT ST_AsText(ST_Buffer(geom::geography, 4)) "
    "FROM geonames",
    "04_Q5_Buffer_LGD": "SELECT ST_AsText(ST_Buffer(geom::geography, 4)) FROM lgd",
    "05_Q6_Area_CLC": "SELECT ST_Area(geom::geography) FROM clc",
    "00_Q7_Equals_LGD_GivenLine": _selected("lgd", "Equals", "givenLine"),
    "01_Q8_Equals_GAG_GivenPolygon": _selected("gag", "Equals", "givenPolygon"),
    "02_Q9_Intersects_LGD_GivenPolygon": _selected("lgd", "Intersects", "givenPolygon"),
    "03_Q10_Intersects_CLC_GivenLine": _selected("clc", "Intersects", "givenLine2"),
    "04_Q11_Overlaps_CLC_GivenPolygon": _selected("clc", "Overlaps", "givenPolygon"),
    "05_Q12_Crosses_LGD_GivenLine": _selected("lgd", "Crosses", "givenLine3"),
    "06_Q13_Within_GeoNames_GivenPolygon": _selected(
        "geonames", "Within", "givenPolygon"
    ),
    "07_Q14_Within_GeoNames_Point_Buffer": "SELECT iri FROM geonames WHERE ST_Within("
    "geom, ST_Buffer({givenPoint}::geography, {givenRadius})::geometry)",
    "08_Q15_GeoNames_Point_Distance": "SELECT iri FROM geonames WHERE ST_DWithin("
    "geom::geography, {givenPoint}::geography, {givenRadius})",
    "09_Q16_Disjoint_GeoNames_GivenPolygon": _selected(
        "geonames", "Disjoint", "givenPolygon"
    ),
    "10_Q17_Disjoint_LGD_GivenPolygon": _selected("lgd", "Disjoint", "givenPolygon"),
}
"""By the names of the files of the queries, with their parameters in braces."""

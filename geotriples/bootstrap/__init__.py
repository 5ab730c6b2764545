"""A first mapping and ontology of a source, to be read and edited.

source --survey--> entities (fields, keys, links) --write--> mapping, ontology
"""

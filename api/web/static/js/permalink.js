// The query in the address: what is seen can be shared, and "back" goes back.

const KEY = "query";

export function permalink(query) {
  return `#${new URLSearchParams({ [KEY]: query })}`;
}

export function queryOfAddress() {
  return new URLSearchParams(location.hash.slice(1)).get(KEY);
}

// Returns whether the address changed; when it did, `hashchange` follows.
export function setAddress(query) {
  if (queryOfAddress() === query) return false;
  location.hash = permalink(query);
  return true;
}

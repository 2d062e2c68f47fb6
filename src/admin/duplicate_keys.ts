/**
 * Finds a key that an object in a JSON text has twice. `JSON.parse` keeps the last one without a
 * word, and what a person or another parser takes it for may be the first (RFC 8259 §4).
 *
 * @param json A JSON text that `JSON.parse` accepts.
 * @returns The first such key, or undefined.
 */
export function findDuplicateKey(json: string): string | undefined {
  // A set of keys for each object that is open, and undefined for each list.
  const open: (Set<string> | undefined)[] = [];
  for (const match of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const token = match[0];
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (match[1] !== undefined) {
      const key = JSON.parse(token.slice(0, -match[1].length)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

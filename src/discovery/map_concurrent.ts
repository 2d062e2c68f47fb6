/**
 * Does something with each of many, with a few at a time.
 *
 * @param items The many.
 * @param limit How many at a time.
 * @param act What to do with one, which has this place among them.
 * @returns What it came to, in the order of the items.
 */
export async function mapConcurrent<Item, Result>(
  items: readonly Item[],
  limit: number,
  act: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  async function work(): Promise<void> {
    // They share the iterator, so each takes what no other has taken.
    for (const [index, item] of entries) results[index] = await act(item, index);
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}

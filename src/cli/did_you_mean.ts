/** The most edits between a word and the one that it is a misspelling of. */
const EDITS_MAX = 2;

/**
 * A question that asks whether a similar word was meant, in parentheses and after a space; empty if
 * no word is similar.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const [best] = known.map((other) => ({ other, edits: countEdits(bare(word), bare(other)) }))
    .filter(({ other, edits }) => edits <= Math.min(EDITS_MAX, bare(other).length / 2))
    .sort((one, other) => one.edits - other.edits);
  return best === undefined ? "" : ` (did you mean ${best.other}?)`;
}

/** A flag without its dashes. */
function bare(word: string): string {
  return word.replace(/^-+/, "");
}

/** The Levenshtein distance of two words. */
function countEdits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (let column = 0; column < other.length; column++) {
      const replace = row[column]! + (letter === other[column] ? 0 : 1);
      next.push(Math.min(replace, next[column]! + 1, row[column + 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** How many digits people need to see of a number that is not whole. */
const DIGITS = 4;
/** How many there are in any number. */
const DIGITS_MAX = 17;

/** A number for people: whole ones with all their digits, others with four. */
export function numberText(number: number): string {
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(DIGITS)));
}

/** Two numbers for people, with as many digits as it takes to see which one is larger. */
export function numberTexts(one: number, other: number): [one: string, other: string] {
  const texts: [string, string] = [numberText(one), numberText(other)];
  // A whole number is not rounded, so that the order can even be another one.
  function shown(): number {
    return Math.sign(Number(texts[0]) - Number(texts[1]));
  }
  const order = Math.sign(one - other);
  for (let digits = DIGITS + 1; shown() !== order && digits <= DIGITS_MAX; digits++) {
    texts[0] = String(Number(one.toPrecision(digits)));
    texts[1] = String(Number(other.toPrecision(digits)));
  }
  return texts;
}

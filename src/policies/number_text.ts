/** How many digits people need to see of a number that is not whole. */
const DIGITS = 4;
/** How many there are in any number. */
const DIGITS_MAX = 17;

/** A number for people: whole ones with all their digits, others with four. */
export function numberText(number: number): string {
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(DIGITS)));
}

/** Two numbers for people, with as many digits as it takes to tell them apart. */
export function numberTexts(one: number, other: number): [one: string, other: string] {
  const texts: [string, string] = [numberText(one), numberText(other)];
  for (let digits = DIGITS + 1; texts[0] === texts[1] && digits <= DIGITS_MAX; digits++) {
    texts[0] = String(Number(one.toPrecision(digits)));
    texts[1] = String(Number(other.toPrecision(digits)));
  }
  return texts;
}

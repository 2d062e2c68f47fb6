/** Significant digits of a fraction. */
const DIGITS = 4;
/** Significant digits of any number. */
const DIGITS_MAX = 17;

/** Text of a number: all digits of a whole number, four of any other. */
export function numberText(number: number): string {
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(DIGITS)));
}

/** Texts of two numbers, with as many digits as it takes to show which one is larger. */
export function numberTexts(one: number, other: number): [one: string, other: string] {
  const texts: [string, string] = [numberText(one), numberText(other)];
  // Integers are not rounded, which could even reverse the order.
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

type NumberArray =
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** A longer copy of an array of numbers, with zeros behind the old ones. */
export function grownArray<T extends NumberArray>(numbers: T, length: number): T {
  const Kind = numbers.constructor as new (length: number) => T;
  const larger = new Kind(length);
  larger.set(numbers);
  return larger;
}

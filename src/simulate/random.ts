import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";

/** How far apart two of the numbers are that a stream can give. */
const STEP = 2 ** -32;

/** Numbers that look like chance and are the same for the same seed. */
export class RandomStream {
  readonly #generator: JumpableRandomGenerator;

  /** @param generator Where they come from. */
  constructor(generator: JumpableRandomGenerator) {
    this.#generator = generator;
  }

  /** The next number between 0 and 1, both excluded, so that its logarithm is finite. */
  readonly next = (): number => ((this.#generator.next() >>> 0) + 0.5) * STEP;

  /** The next whole number from 0 to before `end`, which is at most 2³². */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }
}

/**
 * Streams of random numbers, each its own. What is drawn from one changes nothing in the others, so
 * that every policy meets the same requests: the generator is xoroshiro128+ (Blackman and Vigna) of
 * pure-rand, and its jump puts the streams 2⁶⁴ numbers apart.
 */
export class RandomStreams {
  readonly #generator: JumpableRandomGenerator;

  /** @param seed The number that all of them follow from, 0 to 2³² − 1. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** Another stream. The n-th of the same seed is always the same. */
  stream(): RandomStream {
    this.#generator.jump();
    return new RandomStream(this.#generator.clone());
  }
}

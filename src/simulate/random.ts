import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";

/** Distance between two numbers of a stream. */
const STEP = 2 ** -32;

/** Stream of pseudo-random numbers, which the seed determines. */
export class RandomStream {
  readonly #generator: JumpableRandomGenerator;

  /** @param generator The generator. */
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
 * Independent streams of random numbers: drawing from one does not affect the others, so that every
 * policy gets the same requests. The generator is xoroshiro128+ (Blackman and Vigna) of pure-rand,
 * whose jump puts the streams 2⁶⁴ numbers apart.
 */
export class RandomStreams {
  readonly #generator: JumpableRandomGenerator;

  /** @param seed Seed of all streams, 0 to 2³² − 1. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** Makes the next stream. The n-th of a seed is always the same. */
  stream(): RandomStream {
    this.#generator.jump();
    return new RandomStream(this.#generator.clone());
  }
}

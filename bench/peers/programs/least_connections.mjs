/**
 * Least connections for the peers that are libraries: the fewest active requests win, ties go in
 * turn. Plain JavaScript, as Node, Bun and Deno all run it.
 */
export class LeastConnections {
  #active;
  #next = 0;

  /** @param {number} count How many servers there are. */
  constructor(count) {
    this.#active = new Array(count).fill(0);
  }

  /** @returns {number} The index of the chosen server, which counts as active from now on. */
  pick() {
    const active = this.#active;
    let chosen = this.#next;
    for (let i = 1; i < active.length; i++) {
      const index = (this.#next + i) % active.length;
      if (active[index] < active[chosen]) chosen = index;
    }
    this.#next = (chosen + 1) % active.length;
    active[chosen]++;
    return chosen;
  }

  /** @param {number} index The server whose request is over. */
  finish(index) {
    this.#active[index]--;
  }
}

/**
 * What the benchmark hands to a peer program.
 *
 * @param {readonly string[]} args The port to listen on, then the ports of the servers.
 * @returns {{ port: number, origins: string[] }}
 */
export function readArguments([port, ...upstreams]) {
  return {
    port: Number(port),
    origins: upstreams.map((upstream) => `http://127.0.0.1:${upstream}`),
  };
}

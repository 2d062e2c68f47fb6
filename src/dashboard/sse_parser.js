/**
 * Reads server-sent events (HTML Standard §9.2.6) from pieces of text. `EventSource` would, but it
 * cannot send a token.
 */
export class SseParser {
  #line = "";
  #afterReturn = false;
  #data = [];
  #type = "";
  /** The id of the latest event that has one; an empty one forgets it. */
  lastEventId = "";
  #id = "";

  /**
   * Takes the next piece of the stream.
   *
   * @param {string} text The piece; events may begin and end anywhere in it.
   * @returns {{ id: string, type: string, data: string }[]} The events that it completes.
   */
  push(text) {
    const events = [];
    for (const character of text) {
      // A line ends with CR LF, LF or CR, and a piece may end between CR and LF.
      const isRest = this.#afterReturn && character === "\n";
      this.#afterReturn = character === "\r";
      if (isRest) continue;
      if (character !== "\r" && character !== "\n") this.#line += character;
      else {
        const event = this.#endLine();
        if (event !== undefined) events.push(event);
      }
    }
    return events;
  }

  #endLine() {
    const line = this.#line;
    this.#line = "";
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch() {
    this.lastEventId = this.#id;
    const data = this.#data;
    const type = this.#type || "message";
    this.#data = [];
    this.#type = "";
    return data.length === 0 ? undefined : { id: this.#id, type, data: data.join("\n") };
  }
}

/** A client that keeps the sticky cookie as a browser does. */
export class CookieClient {
  readonly #url: string;
  /** Its Cookie field; empty for none. */
  cookie = "";
  /** Every Set-Cookie field that it got. */
  readonly received: string[] = [];

  /** @param url Where its requests go. */
  constructor(url: string) {
    this.#url = url;
  }

  /** Sends a GET on a connection of its own, and returns the response's content. */
  async get(): Promise<string> {
    const headers = new Headers({ connection: "close" });
    if (this.cookie !== "") headers.set("cookie", this.cookie);
    const response = await fetch(this.#url, { headers });
    for (const field of response.headers.getSetCookie()) {
      this.received.push(field);
      this.cookie = field.split(";", 1)[0]!;
    }
    return await response.text();
  }

  /** Sends so many GETs, one after the other, and returns the different contents. */
  async getMany(count: number): Promise<string[]> {
    const contents = new Set<string>();
    for (let i = 0; i < count; i++) contents.add(await this.get());
    return [...contents];
  }
}

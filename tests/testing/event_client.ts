import { assertEquals } from "@std/assert";
import { EVENT, type EventJson } from "../../src/admin/event_stream.ts";
import { RawClient } from "./raw_client.ts";

/** Event that a client has received. */
export interface SeenEvent {
  /** Its id. */
  readonly id: string;
  /** The `event` field. */
  readonly type: string;
  /** Its data. */
  readonly data: EventJson;
}

/** Follows the events of an admin API over a real socket. */
export class EventClient implements AsyncDisposable {
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  /** Sends the request, with these further fields. */
  static async open(url: string, query = "", fields = ""): Promise<EventClient> {
    const client = await RawClient.connect(url);
    await client.send(`GET /events${query} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
    return new EventClient(client);
  }

  /** Waits for the head of the response and the beginning of the stream. */
  begun(): Promise<string> {
    return this.#client.readUntil("\n\n\r\n");
  }

  /** Waits until something was told, and returns all events so far. */
  async until(text: string): Promise<SeenEvent[]> {
    let all = await this.#client.readUntil(text);
    for (let before = ""; before !== all && !all.slice(all.indexOf(text)).includes("\n\n");) {
      before = all;
      all = await this.#client.readMore();
    }
    return seenEvents(all);
  }

  /** Waits for the end of the stream, and returns all events. */
  async rest(): Promise<SeenEvent[]> {
    return seenEvents(await this.#client.readUntil("\r\n0\r\n\r\n"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }
}

/** The events in a response, which may be cut into chunks anywhere between events. */
function seenEvents(text: string): SeenEvent[] {
  return [...text.matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)\n\n/gm)].map(
    ([, id, type, data]) => ({ id: id!, type: type!, data: readData(data!) }),
  );
}

/** Reads the data of an event; everything in it must be declared. */
function readData(text: string): EventJson {
  const data = JSON.parse(text);
  assertEquals(EVENT.parse(data), data);
  return data;
}

import type { Server } from "../model/server.ts";
import { entityTag, readTagCondition, type TagCondition } from "./entity_tag.ts";
import { Problem } from "./problem.ts";
import { serverJson } from "./server_json.ts";

/**
 * The conditions under which a request is to be carried out (RFC 9110 §13). Dates are none here: a
 * server has no time at which it was last modified (§13.1.3, §13.1.4).
 */
export class Preconditions {
  readonly #ifMatch: TagCondition | undefined;
  readonly #ifNoneMatch: TagCondition | undefined;

  /**
   * @param request What was received.
   * @throws {Problem} 400 if a condition is malformed.
   */
  constructor({ headers }: Request) {
    this.#ifMatch = readTagCondition(headers, "if-match");
    this.#ifNoneMatch = readTagCondition(headers, "if-none-match");
  }

  /** Whether there are any. */
  get exist(): boolean {
    return this.#ifMatch !== undefined || this.#ifNoneMatch !== undefined;
  }

  /**
   * Refuses a change whose conditions do not hold, in the order of §13.2.2.
   *
   * @param server The server as it is now; undefined where there is none yet.
   * @throws {Problem} 412, with the server and its entity tag.
   */
  checkChange(server: Server | undefined): void {
    this.#checkMatch(server);
    if (!this.#isUnwanted(server)) return;
    throw failed("if-none-match", "there is such a server", server);
  }

  /**
   * Whether whoever reads a server has it already, which is 304.
   *
   * @param server The server as it is now.
   * @throws {Problem} 412 if `If-Match` does not hold, which counts first.
   */
  isKnown(server: Server): boolean {
    this.#checkMatch(server);
    return this.#isUnwanted(server);
  }

  /** `If-Match` compares strongly: a weak tag is never the same as another (§8.8.3.2). */
  #checkMatch(server: Server | undefined): void {
    const condition = this.#ifMatch;
    if (condition === undefined) return;
    if (server === undefined) throw failed("if-match", "there is no such server", server);
    if (condition === "*" || condition.includes(entityTag(server))) return;
    throw failed("if-match", "the server was changed by somebody else", server);
  }

  /** `If-None-Match` compares weakly. */
  #isUnwanted(server: Server | undefined): boolean {
    const condition = this.#ifNoneMatch;
    if (condition === undefined || server === undefined) return false;
    const tag = entityTag(server);
    return condition === "*" || condition.includes(tag) || condition.includes(`W/${tag}`);
  }
}

function failed(field: string, why: string, server: Server | undefined): Problem {
  const detail = `The condition ${field} does not hold: ${why}`;
  const faults = [{ field, detail }];
  if (server === undefined) {
    return new Problem(412, `${detail}; leave it out to create one`, {
      faults,
      members: { server: null, etag: null },
    });
  }
  const etag = entityTag(server);
  return new Problem(412, `${detail}; see what it is now, and decide again`, {
    faults,
    headers: { etag },
    members: { server: serverJson(server), etag },
  });
}

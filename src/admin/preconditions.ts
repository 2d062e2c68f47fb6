import { BalancerError, type ErrorCode } from "../model/errors.ts";
import type { Server } from "../model/server.ts";
import { entityTag, readTagCondition, type TagCondition } from "./entity_tag.ts";
import { Problem } from "./problem.ts";
import { serverJson } from "./server_json.ts";

/** Errors of a change that came after another one. */
const TOO_LATE: readonly ErrorCode[] = ["conflict", "already_exists", "not_found"];

/**
 * Conditions of a request (RFC 9110 §13). Conditions with dates are ignored: a server has no time
 * of its last modification (§13.1.3, §13.1.4).
 */
export class Preconditions {
  readonly #ifMatch: TagCondition | undefined;
  readonly #ifNoneMatch: TagCondition | undefined;

  /** @throws {Problem} 400 if a condition is malformed. */
  constructor({ headers }: Request) {
    this.#ifMatch = readTagCondition(headers, "if-match");
    this.#ifNoneMatch = readTagCondition(headers, "if-none-match");
  }

  /** Whether the request has any. */
  get exist(): boolean {
    return this.#ifMatch !== undefined || this.#ifNoneMatch !== undefined;
  }

  /**
   * Refuses a change whose conditions do not hold, in the order of §13.2.2.
   *
   * @param server The server as it is now; undefined if there is none.
   * @throws {Problem} 412, with the server and its entity tag.
   */
  checkChange(server: Server | undefined): void {
    this.#checkMatch(server);
    if (!this.#isUnwanted(server)) return;
    throw failed("if-none-match", "the server exists", server);
  }

  /**
   * Whether the caller has the server already, so that the answer is 304.
   *
   * @param server The server as it is now.
   * @throws {Problem} 412 if `If-Match`, which is checked first, does not hold.
   */
  isKnown(server: Server): boolean {
    this.#checkMatch(server);
    return this.#isUnwanted(server);
  }

  /**
   * Makes a change that was decided on when the conditions held. If another change came first, so
   * that they no longer hold, that is reported as a failed condition (RFC 9110 §13.1).
   *
   * @param make Makes the change.
   * @param find Finds the server as it is now.
   * @throws {Problem} 412 if the conditions no longer hold.
   */
  async enforce<T>(make: () => T | Promise<T>, find: () => Server | undefined): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if (error instanceof BalancerError && TOO_LATE.includes(error.code)) this.checkChange(find());
      throw error;
    }
  }

  /** `If-Match` compares strongly: a weak tag is never the same as another (§8.8.3.2). */
  #checkMatch(server: Server | undefined): void {
    const condition = this.#ifMatch;
    if (condition === undefined) return;
    if (server === undefined) throw failed("if-match", "the server does not exist", server);
    if (condition === "*" || condition.includes(entityTag(server))) return;
    throw failed("if-match", "the server has changed", server);
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
  return new Problem(412, `${detail}; read it as it is now, and try again`, {
    faults,
    headers: { etag },
    members: { server: serverJson(server), etag },
  });
}

import { assert } from "@std/assert";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";

/** The failure and the message of a call that fails. */
export async function failing(
  call: Promise<unknown>,
): Promise<[failure: EtcdError["failure"], message: string]> {
  const error = await call.then(() => undefined, (error) => error);
  assert(error instanceof EtcdError, `not an error of etcd: ${error}`);
  return [error.failure, error.message];
}

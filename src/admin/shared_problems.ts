/** Why a change of servers that several balancers share may be refused, by status. */
export const SHARED_PROBLEMS = {
  409: "where balancers share their servers, somebody else changed it at the same moment",
  503: "Where balancers share their servers: etcd cannot be reached, and nothing has changed",
  504: "Where balancers share their servers: it was sent to etcd, which may have taken it or not",
} as const;

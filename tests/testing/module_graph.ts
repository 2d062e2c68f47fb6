const root = new URL("../../", import.meta.url);

/**
 * The project's modules, each with what it imports, type-only imports too: a project file as its
 * path, anything else as it is spelled in the import.
 */
export type ModuleGraph = ReadonlyMap<string, readonly string[]>;

interface Dependency {
  readonly specifier: string;
  /** Loaded by `import()` when it is needed. */
  readonly isDynamic?: boolean;
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

/** The modules that these files load, as `deno info` sees them. */
export async function readModuleGraph(...entries: string[]): Promise<ModuleGraph> {
  const graph = new Map<string, string[]>();
  for (const { modules } of await Promise.all(entries.map(readInfo))) {
    for (const { specifier, dependencies = [] } of modules) {
      const file = projectPath(specifier);
      if (file !== undefined) graph.set(file, dependencies.map(importedBy));
    }
  }
  return graph;
}

/**
 * The modules that are loaded as soon as this one is: neither those that are imported for their types
 * only, nor those that `import()` loads when they are needed.
 */
export async function readLoadedModules(entry: string): Promise<string[]> {
  const { modules } = await readInfo(entry);
  const graph = new Map(modules.map(({ specifier, dependencies = [] }) => [
    projectPath(specifier) ?? specifier,
    dependencies.filter(({ code, isDynamic }) => code !== undefined && isDynamic !== true)
      .map(importedBy),
  ]));
  const loaded = new Set([entry]);
  for (const module of loaded) for (const next of graph.get(module) ?? []) loaded.add(next);
  return [...loaded];
}

/** The project's TypeScript files in this directory and below, as paths. */
export async function sourceFiles(directory: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(directory, root))) {
    const path = `${directory}${name}`;
    if (isDirectory) files.push(...await sourceFiles(`${path}/`));
    else if (path.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

/** The text of one of the project's files. */
export async function readSource(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, root));
}

/** The first ring of imports in a graph, as the modules along it; undefined where there is none. */
export function findCycle(graph: ModuleGraph): string[] | undefined {
  const done = new Set<string>();
  function visit(file: string, path: readonly string[]): string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const imported of graph.get(file) ?? []) {
      const cycle = visit(imported, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  }
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

async function readInfo(entry: string): Promise<Info> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: root,
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`Cannot read the imports of ${entry}: ${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout)) as Info;
}

function importedBy({ specifier, code, type }: Dependency): string {
  return projectPath(code?.specifier ?? type?.specifier ?? specifier) ?? specifier;
}

function projectPath(specifier: string): string | undefined {
  if (!specifier.startsWith(root.href)) return undefined;
  return decodeURIComponent(specifier.slice(root.href.length));
}

/**
 * What suites need beyond Node, made ready while the suites before them run: on a fresh machine that takes longer than
 * they do. One after the other, in the order in which suites ask.
 */
import { startTestDocker } from './docker.ts';
import { cacheFolder, type TestEngine } from './engine.ts';
import { everyImage, prepareImages } from './images.ts';
import { ensurePackages } from './packages.ts';
import { startTestPodman } from './podman.ts';
import type { Need } from './suites.ts';
import { installVscode, type VscodeVersion, vscodeVersions } from './vscode-install.ts';

/** What a suite is given. */
export interface Prepared {
  env: Record<string, string>;
  /** Arguments that come before a program, so that it runs beside the engine. */
  enter: readonly string[];
}

export interface Preparations {
  /** Resolves when everything for these needs is there; throws why it could not be made. */
  ready(needs: readonly Need[]): Promise<Prepared>;
  /** Ends the engines that were started. */
  close(): Promise<void>;
}

const starters = {
  engine: { start: startTestDocker, images: everyImage },
  podman: { start: startTestPodman, images: ['base', 'proxy', 'mariadb'] },
} as const;

/** Begins at once with all that these needs call for; `say` gets a line for each thing that takes long. */
export function beginPreparations(needs: readonly Need[], root: string, say: (line: string) => void): Preparations {
  const engines: Promise<TestEngine>[] = [];
  const prepared = new Map<Need, Promise<Prepared>>();
  let ending = false;

  const prepareEngine = async (need: keyof typeof starters): Promise<Prepared> => {
    if (ending) throw new Error('the run was ended');
    const starting = starters[need].start(say);
    engines.push(starting);
    const engine = await starting;
    return {
      env: await prepareImages(engine, root, say, starters[need].images),
      enter: engine.namespace.enter,
    };
  };
  const makers: Record<Need, () => Promise<Prepared>> = {
    engine: () => prepareEngine('engine'),
    podman: () => prepareEngine('podman'),
    async browser() {
      for (const version of Object.keys(vscodeVersions) as VscodeVersion[]) if (!ending) await installVscode(version);
      return { env: {}, enter: [] };
    },
    load: async () => ({ env: {}, enter: [] }),
  };

  let before: Promise<unknown> = ensurePackages(needs, say);
  const packages = before;
  for (const need of needs) {
    // What failed for one need is no reason for the next one to fail; only packages are everybody's.
    const making = before
      .catch(() => {})
      .then(async () => {
        await packages;
        return makers[need]();
      });
    // Told by the suite that asks for it.
    making.catch(() => {});
    prepared.set(need, making);
    before = making;
  }

  return {
    async ready(wanted) {
      const all: Prepared = { env: { MINICLOUD_TEST_CACHE: cacheFolder() }, enter: [] };
      for (const need of wanted) {
        const one = await prepared.get(need);
        if (!one) throw new Error(`${need} is not prepared`);
        Object.assign(all.env, one.env);
        if (one.enter.length > 0) all.enter = one.enter;
      }
      return all;
    },
    async close() {
      ending = true;
      for (const engine of await Promise.allSettled(engines))
        if (engine.status === 'fulfilled') await engine.value.close();
    },
  };
}

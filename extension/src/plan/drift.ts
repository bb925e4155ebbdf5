/** Drift: the server runs something else than a manifest says. Computed by the plan, remembered, silent when unknown. */
import { createHash } from 'node:crypto';
import type { Change, Plan } from 'minicloud-shared/model/plan';
import { withoutControls } from '../logs/log-text.ts';
import type { Translate } from '../translate.ts';
import { changesOf } from './plan-text.ts';

export interface Drift {
  server: string;
  app: string;
  /** The release that serves. */
  release: number;
  changes: Change[];
}

/** What is set on the server and not deployed yet: no file says anything of it. */
const setOnServer = /^(config|secret) /;

/** Undefined when the file says what the server runs, or the app does not run there yet. */
export function driftOf(plan: Plan, server: string): Drift | undefined {
  const changes = changesOf(plan).filter(({ object }) => !setOnServer.test(object));
  if (plan.creates || plan.fromRelease === undefined || changes.length === 0) return undefined;
  return { server, app: plan.app, release: plan.fromRelease, changes };
}

const mostNamed = 3;

/** One sentence with what differs; the first few by name. `seen` is when, for what may be otherwise by now. */
export function driftMessage({ server, app, release, changes }: Drift, t: Translate, seen?: string): string {
  const named = changes.slice(0, mostNamed).map(({ object }) => withoutControls(object));
  const rest = changes.length - named.length;
  const list = rest > 0 ? t('{0} and {1} more', named.join(', '), rest) : named.join(', ');
  const message = t('{0} runs release {1} of {2}, and this file says something else: {3}.', server, release, app, list);
  return seen === undefined ? message : `${message} ${t('As it was at {0}.', seen)}`;
}

/** The page that the mark leads to. */
export function driftPage(t: Translate): string {
  const parts = [
    '# drift',
    t('What the server runs is not what the file says: deploying the file would change it.'),
    t('Either the file was changed and not deployed yet, or somebody deployed something else.'),
    t('*Compare with Server* shows both side by side, *Plan Manifest* what deploying the file would change.'),
    t(
      'The setting `minicloud.drift` makes this louder, quieter or `off`. Nothing is told of a file that is not saved.',
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

export interface DriftQuestion {
  server: string;
  serverId: string;
  app: string;
  release: number;
  text: string;
  image?: string;
}

/** The same question has the same answer: content, release and server. */
export function driftKey({ serverId, release, text, image = '' }: DriftQuestion): string {
  return `${serverId} ${release} ${createHash('sha256').update(`${image}\0${text}`).digest('base64url')}`;
}

const remembered = 200;

export interface DriftCheck {
  /** Asks when nobody knows yet. The answer comes by `tell`; of two questions about a file the newer counts. */
  check(file: string, question: DriftQuestion): Promise<void>;
  /** Tells what is known of the question, and asks nothing: for a server that was let go. */
  recall(file: string, question: DriftQuestion): void;
  /** Nothing is known of the file any more. */
  forget(file: string): void;
  /** What a plan that was made for another reason says. */
  learn(question: DriftQuestion, plan: Plan): void;
  dispose(): void;
}

export interface DriftCheckOptions {
  /** The plan; undefined when there can be none, such as for a manifest with errors. */
  ask: (question: DriftQuestion, signal: AbortSignal) => Promise<Plan | undefined>;
  tell: (file: string, drift: Drift | undefined) => void;
  /** True when asking again would end the same: the token may not plan, say. */
  isFinal: (error: unknown) => boolean;
}

/** One question a file at a time, no question twice; a failure is no drift. */
export function createDriftCheck({ ask, tell, isFinal }: DriftCheckOptions): DriftCheck {
  const known = new Map<string, Drift | undefined>();
  const asking = new Map<string, { key: string; abort: AbortController }>();
  const remember = (key: string, drift: Drift | undefined): void => {
    known.set(key, drift);
    const [oldest] = known.keys();
    if (known.size > remembered && oldest !== undefined) known.delete(oldest);
  };
  const tellKnown = (file: string, key?: string): void => {
    asking.get(file)?.abort.abort();
    asking.delete(file);
    tell(file, key === undefined ? undefined : known.get(key));
  };
  const forget = (file: string): void => tellKnown(file);
  return {
    async check(file, question) {
      const key = driftKey(question);
      if (asking.get(file)?.key === key) return;
      tellKnown(file, key);
      if (known.has(key)) return;
      const mine = { key, abort: new AbortController() };
      asking.set(file, mine);
      try {
        const plan = await ask(question, mine.abort.signal);
        // A release may have come in between: then the answer is to another question.
        if (plan && plan.fromRelease !== question.release) return;
        remember(key, plan && driftOf(plan, question.server));
        if (asking.get(file) === mine) tell(file, known.get(key));
      } catch (error) {
        if (isFinal(error)) remember(key, undefined);
      } finally {
        if (asking.get(file) === mine) asking.delete(file);
      }
    },
    recall(file, question) {
      const key = driftKey(question);
      if (asking.get(file)?.key !== key) tellKnown(file, key);
    },
    forget,
    learn(question, plan) {
      if (plan.fromRelease === question.release) remember(driftKey(question), driftOf(plan, question.server));
    },
    dispose() {
      for (const { abort } of asking.values()) abort.abort();
      asking.clear();
      known.clear();
    },
  };
}

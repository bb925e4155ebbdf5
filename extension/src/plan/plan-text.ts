/** A plan as lines that read at a glance, with marks that the editor colours. Every change stands beside what it causes. */
import { type Change, type Consequence, consequences, type Plan, type PlanStep } from 'minicloud-shared/model/plan';
import { withoutControls } from '../logs/log-text.ts';
import type { Translate } from '../translate.ts';

export type MarkKind = 'heading' | 'subtle' | Change['action'] | Consequence;
export interface Mark {
  kind: MarkKind;
  line: number;
  start: number;
  end: number;
}
export interface PlanText {
  text: string;
  marks: Mark[];
}

const signs: Record<Change['action'], string> = { add: '+', change: '~', remove: '-', keep: '=' };
const maxObject = 34;
const maxValue = 64;

/** `outdated` is why it is not deployed any more; it is read first. */
export function planText(plan: Plan, server: string, t: Translate, outdated?: string): PlanText {
  const page = createPage();
  if (outdated !== undefined) {
    page.line([[outdated, 'downtime']]);
    page.line();
  }
  const { creates, fromRelease, toRelease } = plan;
  page.line([
    [creates ? t('Create {0} on {1}', plan.app, server) : t('Deploy {0} to {1}', plan.app, server), 'heading'],
  ]);
  const releases = fromRelease === undefined ? t('First release') : t('Release {0} → {1}', fromRelease, toRelease);
  page.line([[[releases, plan.image, shortDigest(plan.digest)].filter(Boolean).join('  ·  '), 'subtle']]);
  page.line();
  page.line([[verdict(plan, t), plan.consequence]]);

  const changes = changesOf(plan);
  if (changes.length > 0) {
    const counted = countChanges(changes, t);
    page.section(counted ? `${t('What changes')}  (${counted})` : t('What changes'));
    const width = Math.min(maxObject, Math.max(...changes.map(({ object }) => object.length)));
    const valueWidth = Math.min(maxValue * 2, Math.max(...changes.map((change) => shownValue(change).length)));
    for (const change of changes) {
      page.line([
        [`  ${signs[change.action] ?? '?'}  `, change.action],
        [change.object.padEnd(width), change.action],
        [`  ${shownValue(change).padEnd(valueWidth)}  `],
        [consequenceLabel(change.consequence, t), change.consequence],
      ]);
    }
  }
  if (plan.notes.length > 0) {
    page.section(t('Good to know'));
    for (const note of plan.notes) page.line([[`  •  ${note}`]]);
  }
  if (plan.steps.length > 0) {
    page.section(t('What happens, in order'));
    const width = Math.max(...plan.steps.map(({ title }) => title.length));
    for (const [index, step] of plan.steps.entries()) {
      page.line([
        [`${String(index + 1).padStart(4)}  `, 'subtle'],
        [step.title.padEnd(width)],
        ...stepConsequence(step, t),
      ]);
    }
  }
  if (plan.urls.length > 0) {
    page.section(t('Where it answers'));
    for (const url of plan.urls) page.line([[`     ${url}`]]);
  }
  const kept = plan.changes.filter(({ action }) => action === 'keep').map(({ object }) => object);
  if (kept.length > 0) {
    page.section(t('What stays as it is'));
    page.line([[`     ${kept.join(', ')}`, 'subtle']]);
  }
  page.line();
  page.line([
    [t('Plan {0}. Deploying refuses when this would no longer be what happens.', plan.hash.slice(0, 12)), 'subtle'],
  ]);
  return page.finish();
}

/** What a deploy would change, the worst first and otherwise as the server told it. */
export function changesOf({ changes }: Plan): Change[] {
  const weight = ({ consequence }: Change): number => consequences.indexOf(consequence);
  return changes.filter(({ action }) => action !== 'keep').sort((a, b) => weight(b) - weight(a));
}

function countChanges(changes: readonly Change[], t: Translate): string {
  const words: [action: Change['action'], count: (count: number) => string][] = [
    ['add', (count) => t('{0} new', count)],
    ['change', (count) => t('{0} changed', count)],
    ['remove', (count) => t('{0} removed', count)],
  ];
  // Actions of a newer server are not counted; each is there to be read.
  return words
    .map(([action, say]) => [changes.filter((each) => each.action === action).length, say] as const)
    .flatMap(([count, say]) => (count > 0 ? [say(count)] : []))
    .join(', ');
}

/** The sentence that a person reads first. */
export function verdict(plan: Plan, t: Translate): string {
  if (plan.changes.every(({ action }) => action === 'keep'))
    return t('Nothing would change; the same release would be made again.');
  if (plan.creates && plan.consequence === 'none') return t('A new app. Nothing that runs now is touched.');
  const seconds = plan.steps.reduce((sum, step) => sum + (step.downtimeSeconds ?? 0), 0);
  const verdicts: Record<Consequence, () => string> = {
    none: () => t('Visitors would not notice.'),
    restart: () => t('Replicas are replaced one by one; visitors would not notice.'),
    downtime: () =>
      seconds > 0
        ? t('Visitors would notice: about {0} s without service.', seconds)
        : t('Visitors would notice: a short time without service.'),
    data: () => t('Data is at risk: read the changes below before deploying.'),
  };
  // What a newer server knows and this editor does not is told as what it is called.
  return verdicts[plan.consequence]?.() ?? t('Consequence: {0}.', plan.consequence);
}

export function consequenceLabel(consequence: Consequence, t: Translate): string {
  const labels: Record<Consequence, string> = {
    none: t('no interruption'),
    restart: t('rolling restart'),
    downtime: t('downtime'),
    data: t('DATA AT RISK'),
  };
  return labels[consequence] ?? consequence;
}

function stepConsequence(step: PlanStep, t: Translate): [text: string, kind?: MarkKind][] {
  if (step.consequence === 'none' || step.consequence === 'restart') return [];
  const seconds = step.downtimeSeconds ? t(', about {0} s', step.downtimeSeconds) : '';
  return [['  '], [`${consequenceLabel(step.consequence, t)}${seconds}`, step.consequence]];
}

function shownValue({ before, after }: Change): string {
  if (before !== undefined && after !== undefined) return `${cut(before)}  →  ${cut(after)}`;
  return cut(after ?? before ?? '');
}

function cut(value: string): string {
  const line = value.replace(/\s+/g, ' ');
  return line.length > maxValue ? `${line.slice(0, maxValue - 1)}…` : line;
}

function shortDigest(digest: string): string {
  return digest.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1');
}

interface Page {
  line(parts?: [text: string, kind?: MarkKind][]): void;
  section(title: string): void;
  finish(): PlanText;
}

function createPage(): Page {
  const lines: string[] = [];
  const marks: Mark[] = [];
  const line: Page['line'] = (parts = []) => {
    let text = '';
    for (const [raw, kind] of parts) {
      // Names in a plan come from images and manifests of anybody.
      const part = withoutControls(raw);
      const lead = part.length - part.trimStart().length;
      const length = part.trimEnd().length;
      if (kind && length > lead)
        marks.push({ kind, line: lines.length, start: text.length + lead, end: text.length + length });
      text += part;
    }
    lines.push(text.trimEnd());
  };
  return {
    line,
    section(title) {
      line();
      line([[title, 'heading']]);
    },
    finish: () => ({ text: `${lines.join('\n')}\n`, marks }),
  };
}

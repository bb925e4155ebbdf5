import type { AppState, Replica } from 'minicloud-shared/model/app';
import type { ReleaseState } from 'minicloud-shared/model/release';
import { l10n, ThemeColor, ThemeIcon } from 'vscode';

/** How states look: a shape of its own for each, so that colour is never the only difference. */
const appIcons: Record<AppState, [icon: string, color?: string]> = {
  created: ['circle-large-outline'],
  deploying: ['sync~spin'],
  running: ['pass-filled', 'testing.iconPassed'],
  degraded: ['warning', 'list.warningForeground'],
  failed: ['error', 'list.errorForeground'],
  stopped: ['circle-slash'],
  deleting: ['trash'],
};

const releaseIcons: Record<ReleaseState, [icon: string, color?: string]> = {
  pending: ['circle-large-outline'],
  deploying: ['sync~spin'],
  current: ['pass-filled', 'testing.iconPassed'],
  superseded: ['history'],
  failed: ['error', 'list.errorForeground'],
  rolled_back: ['discard'],
};

const replicaIcons: Record<Replica['state'], [icon: string, color?: string]> = {
  starting: ['sync~spin'],
  healthy: ['pass', 'testing.iconPassed'],
  unhealthy: ['warning', 'list.warningForeground'],
  exited: ['error', 'list.errorForeground'],
  draining: ['debug-step-out'],
};

/** What was seen last and may be otherwise by now. */
const unknownIcon = new ThemeIcon('circle-outline', new ThemeColor('disabledForeground'));

export function appIcon(state: AppState, known = true): ThemeIcon {
  return known ? themed(appIcons[state]) : unknownIcon;
}

export function releaseIcon(state: ReleaseState, known = true): ThemeIcon {
  return known ? themed(releaseIcons[state]) : unknownIcon;
}

export function replicaIcon(state: Replica['state'], known = true): ThemeIcon {
  return known ? themed(replicaIcons[state]) : unknownIcon;
}

export function appStateLabel(state: AppState): string {
  const labels: Record<AppState, string> = {
    created: l10n.t('not deployed'),
    deploying: l10n.t('deploying'),
    running: l10n.t('running'),
    degraded: l10n.t('degraded'),
    failed: l10n.t('failed'),
    stopped: l10n.t('stopped'),
    deleting: l10n.t('being deleted'),
  };
  // A newer server may know states that this editor does not: they are shown as they are called.
  return labels[state] ?? state;
}

export function releaseStateLabel(state: ReleaseState): string {
  const labels: Record<ReleaseState, string> = {
    pending: l10n.t('pending'),
    deploying: l10n.t('deploying'),
    current: l10n.t('current'),
    superseded: l10n.t('superseded'),
    failed: l10n.t('failed'),
    rolled_back: l10n.t('rolled back'),
  };
  return labels[state] ?? state;
}

/** An image without the parts that nearly all have: `docker.io/library/nginx:1.29` is `nginx:1.29`. */
export function shortImage(image: string): string {
  return image.replace(/^docker\.io\/(library\/)?/, '').replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1');
}

function themed(look: [icon: string, color?: string] | undefined): ThemeIcon {
  if (!look) return new ThemeIcon('question');
  const [icon, color] = look;
  return new ThemeIcon(icon, color ? new ThemeColor(color) : undefined);
}

import type { ForwardTarget } from 'minicloud-shared/model/forward';
import { l10n, window } from 'vscode';
import type { PickedApp } from '../commands/pick.ts';
import { ProcessNode } from '../tree/process-node.ts';
import { RowNode } from '../tree/row-node.ts';
import { type Forward, type Forwards, leadsTo } from './forwards.ts';
import { freePort } from './local-port.ts';
import { localPortFor, type PortPair, parsePorts } from './ports.ts';

export interface ChosenTarget extends PortPair {
  target: ForwardTarget;
  urlTemplate?: string | undefined;
}

interface KnownPort {
  target: ForwardTarget;
  port: number;
  urlTemplate: string;
}

/**
 * The port that a command is about. A row that has one known port is asked with it filled in, so that Enter takes it and
 * another one, there or here, is typed over it; else it is picked or typed.
 */
export async function pickTarget(
  { live, app }: PickedApp,
  argument: unknown,
  forwards: Pick<Forwards, 'of'>,
): Promise<ChosenTarget | undefined> {
  const isNamed = namedBy(argument);
  const all = await live.api.forwards.targets.query({ app: app.name });
  const targets = isNamed ? all.filter(isNamed) : all;
  const open = forwards.of(live.server.id, app.name);
  const known = targets.flatMap((target) => target.ports.map((port) => ({ target, ...port })));
  const [only, ...others] = known;
  if (isNamed && only && others.length === 0) return askPorts(only.target, open, only);
  const items = [
    ...known.map((each) => ({
      label: `${each.target.target}:${each.port}`,
      description: [each.target.env, each.urlTemplate.replace('{port}', String(localPortTo(each, open)))]
        .filter(Boolean)
        .join(' · '),
      choose: async () => chosen(each, open),
    })),
    ...targets.map((target) => ({
      label:
        target.kind === 'service'
          ? l10n.t('{0}: another port here…', target.target)
          : l10n.t('{0}: another port…', target.target),
      description: target.env ?? '',
      choose: () => askPorts(target, open, target.kind === 'service' ? portOf(target) : undefined),
    })),
  ];
  if (items.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has nothing that runs, so there is no port to forward.', app.name));
    return undefined;
  }
  const placeHolder = l10n.t('Forward which port of {0} to this machine?', app.name);
  return (await window.showQuickPick(items, { placeHolder }))?.choose();
}

/** The service that a command is about, for its URL. */
export async function serviceTarget(
  { live, app }: PickedApp,
  argument: unknown,
  forwards: Pick<Forwards, 'of'>,
): Promise<ChosenTarget | undefined> {
  const isNamed = namedBy(argument);
  const services = (await live.api.forwards.targets.query({ app: app.name })).filter(
    (target) => target.kind === 'service' && target.env !== undefined && (!isNamed || isNamed(target)),
  );
  const items = services
    .flatMap((target) => portOf(target) ?? [])
    .map((known) => ({ label: known.target.target, description: known.target.env, known }));
  if (items.length === 0) {
    void window.showInformationMessage(l10n.t('{0} has no service with a URL of its own.', app.name));
    return undefined;
  }
  const picked =
    items.length === 1 ? items[0] : await window.showQuickPick(items, { placeHolder: l10n.t('Which service?') });
  return picked && chosen(picked.known, forwards.of(live.server.id, app.name));
}

function portOf(target: ForwardTarget): KnownPort | undefined {
  const [port] = target.ports;
  return port && { target, ...port };
}

function chosen(known: KnownPort, open: readonly Forward[]): ChosenTarget {
  const { target, port, urlTemplate } = known;
  return { target, targetPort: port, localPort: localPortTo(known, open), urlTemplate };
}

/** The port here that leads there already, or the one that would be natural. */
function localPortTo({ target, port }: Pick<KnownPort, 'target' | 'port'>, open: readonly Forward[]): number {
  return open.find((forward) => leadsTo(forward, target, port))?.port ?? localPortFor(port);
}

/** Asks for the ports, with those of a known one filled in. A service has its own port and no other. */
async function askPorts(
  target: ForwardTarget,
  open: readonly Forward[],
  known?: KnownPort,
): Promise<ChosenTarget | undefined> {
  const there = open.find((forward) => known && leadsTo(forward, target, known.port));
  const here = there?.port ?? (known && (await freePort(localPortFor(known.port))));
  const complaint = (text: string): string | undefined => {
    const ports = parsePorts(text);
    if (!ports) return l10n.t('A port from 1 to 65535, such as 9229, or two, such as 9000:9229');
    return target.kind === 'service' && known && ports.targetPort !== known.port
      ? l10n.t('{0} has the port {1} only; such as 9000:{1}', target.target, known.port)
      : undefined;
  };
  const typed = await window.showInputBox({
    title: l10n.t('Forward a port of {0}', target.target),
    prompt: l10n.t('The port there, or LOCAL:THERE to choose the port of this machine too'),
    placeHolder: '9229',
    ...(known ? { value: `${here}:${known.port}` } : {}),
    validateInput: complaint,
  });
  const ports = typed === undefined ? undefined : parsePorts(typed);
  const urlTemplate = target.ports.find(({ port }) => port === ports?.targetPort)?.urlTemplate;
  return ports && { target, ...ports, urlTemplate };
}

/** Whether a target is the one of the row that a command was called on; undefined when it was called on none. */
function namedBy(argument: unknown): ((target: ForwardTarget) => boolean) | undefined {
  if (argument instanceof ProcessNode) return ({ target }) => target === argument.process.name;
  if (!(argument instanceof RowNode && argument.row.facets.includes('binding'))) return undefined;
  const { label, env } = argument.row;
  return (target) => target.target === label && (env === undefined || target.env === env);
}

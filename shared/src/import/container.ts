/** A container that runs, as `docker inspect` shows it, as a manifest. Given with its image, the image's own is left out. */

import { capabilities } from '../manifest/schema-parts.ts';
import { image, user } from '../manifest/schema-scalars.ts';
import { appNameOf } from './app-name.ts';
import { assemble } from './assemble.ts';
import { readLimit } from './compose/deploy.ts';
import { composeServiceFields } from './compose/fields.ts';
import { readLabels } from './compose/labels.ts';
import { addPort, isLocal, protocolOf } from './compose/ports.ts';
import { addMount } from './compose/volumes.ts';
import { readHealth } from './health.ts';
import { readJson } from './json.ts';
import type { ImportInput, ImportResult } from './model.ts';
import { below, emptyPart, type Part } from './part.ts';
import { renderImport } from './render.ts';
import { createReport, type Report } from './report.ts';
import { entriesOf, type Fields, fieldOf, fit, isFields, listOf, pairsOf, textOf, textsOf } from './values.ts';

export function importContainer(input: ImportInput): ImportResult {
  const read = readJson(input.text, input.file);
  if ('ok' in read) return read;
  const objects = listOf(read.value).filter(isFields);
  const container = objects.find((object) => isFields(object.HostConfig) && isFields(object.Config));
  if (!container)
    return {
      ok: false,
      why: `${input.file} holds no container.`,
      remedy: 'Give what docker inspect NAME prints for a container.',
    };
  const report = createReport();
  const others = objects.filter((object) => object !== container && isFields(object.HostConfig));
  if (others.length > 0) report.note(`${others.length} more containers are in it; each is imported by itself.`);
  const base = objects.find(
    (object) => isFields(object.RootFS) && (object.Id === container.Image || objects.length === 2),
  );
  const part = readContainer(container, base, report);
  const manifest = assemble(
    {
      name: appNameOf(textOf(container.Name)?.replace(/^\//, ''), input.folder),
      main: part,
      processes: [],
      supports: [],
      needs: [],
    },
    report,
  );
  return renderImport(manifest, {
    from: `the container ${textOf(container.Name)?.replace(/^\//, '') ?? ''}`,
    report,
    services: [],
    offered: input.offered,
  });
}

/** What is said of a container in the same words as of a service. */
function whyNot(field: string): string {
  const rule = composeServiceFields[field];
  return rule && 'why' in rule
    ? rule.why
    : 'An app gets no rights over the machine; what it may ask for is listed under security.';
}

type Read = (value: unknown, field: string, part: Part, given: Given) => void;
interface Given {
  report: Report;
  container: Fields;
  /** `Config` of the image, when it was given too. */
  base: unknown;
}

const left =
  (why: string): Read =>
  (_value, field, _part, { report }) =>
    report.left(field, why);

/** `Config` and `HostConfig` of a container: what each value that is not the usual one becomes. */
export const containerFields: Readonly<Record<string, Read>> = {
  'Config.Image'(value, field, part, { report }) {
    const fitting = /^sha256:/.test(textOf(value) ?? '') ? undefined : fit(image, textOf(value) ?? '');
    if (fitting === undefined) report.left(field, 'The image has no name by which a server could get it.');
    else part.image = { value: fitting, field };
  },
  'Config.Cmd'(value, field, part, { base, report }) {
    const command = textsOf(value);
    if (same(value, fieldOf(base, 'Cmd'))) return report.left(field, 'It is the image’s own.');
    if (command.length > 0) part.command = { value: command, field };
    if (base === undefined)
      report.note(
        'processes.web.command may be the image’s own; then it can be removed. Give the image to docker inspect as well to leave it out.',
      );
  },
  'Config.Entrypoint'(value, field, _part, { base, report }) {
    if (base === undefined || same(value, fieldOf(base, 'Entrypoint')))
      report.left(field, 'A container starts with the image’s own entrypoint.');
    else report.left(field, 'The image’s own entrypoint can not be replaced; set ENTRYPOINT in the Dockerfile.');
  },
  'Config.Env'(value, field, part, { base, report }) {
    const own = new Set(textsOf(fieldOf(base, 'Env')));
    for (const item of textsOf(value)) {
      const [[name, text] = ['', undefined]] = pairsOf([item]);
      const inside = below(field, name);
      if (own.has(item)) report.left(inside, 'It is the image’s own.');
      else if (/^(PATH|HOME|HOSTNAME|TERM)$/.test(name)) report.left(inside, 'The image or the engine sets it.');
      else part.variables.push({ name, value: textOf(text) ?? '', field: inside });
    }
  },
  'Config.ExposedPorts'(value, field, part, { container, report }) {
    const published = entriesOf(fieldOf(container.HostConfig, 'PortBindings')).filter(
      ([, bindings]) => listOf(bindings).length > 0,
    );
    for (const [name] of entriesOf(value))
      if (published.length === 0) readPort(name, below(field, name), part, report);
      else if (!published.some(([port]) => port === name)) report.left(below(field, name), 'It was not published.');
  },
  'HostConfig.PortBindings'(value, field, part, { report }) {
    for (const [name, bindings] of entriesOf(value)) {
      const inside = below(field, name);
      const local = listOf(bindings).every((binding) => isLocal(textOf(fieldOf(binding, 'HostIp'))));
      if (listOf(bindings).length > 0) readPort(name, inside, part, report, local);
      for (const binding of listOf(bindings)) {
        const port = textOf(fieldOf(binding, 'HostPort'));
        if (port)
          report.left(
            inside,
            `The port ${port} of the machine is not opened: visitors come by a domain, through Minicloud’s proxy.`,
          );
      }
    }
  },
  'Config.Healthcheck'(value, field, part, { report }) {
    const check: Fields = { test: fieldOf(value, 'Test') };
    for (const [key, name] of [
      ['Interval', 'interval'],
      ['Timeout', 'timeout'],
      ['StartPeriod', 'start_period'],
    ] as const) {
      const time = Number(fieldOf(value, key) ?? 0);
      // Nanoseconds.
      if (time >= 1e6) check[name] = `${Math.round(time / 1e6)}ms`;
    }
    if (Number(fieldOf(value, 'Retries') ?? 0) > 0) check.retries = fieldOf(value, 'Retries');
    readHealth(check, field, part, report);
  },
  'Config.Labels'(value, field, part, { report, base }) {
    const own = fieldOf(base, 'Labels');
    const told = entriesOf(value).filter(
      ([name, text]) => /^(traefik\.(http|port|frontend)|caddy)/.test(name) && fieldOf(own, name) !== text,
    );
    readLabels(Object.fromEntries(told), field, part, report);
    if (told.length < entriesOf(value).length) report.left(field, whyNot('annotations'));
  },
  'Config.User'(value, field, part, { base, report }) {
    const fitting = fit(user, textOf(value) ?? '');
    if (same(value, fieldOf(base, 'User'))) report.left(field, 'It is the image’s own.');
    else if (fitting === undefined) report.left(field, 'This is no user that a manifest can hold.');
    else part.user = { value: fitting, field };
  },
  'Config.WorkingDir'(value, field, _part, { base, report }) {
    report.left(
      field,
      base === undefined || same(value, fieldOf(base, 'WorkingDir'))
        ? 'It is taken to be the image’s own.'
        : whyNot('working_dir'),
    );
  },
  'Config.Tty': left(whyNot('tty')),
  'Config.OpenStdin': left(whyNot('stdin_open')),
  'Config.StdinOnce': left(whyNot('stdin_open')),
  'Config.AttachStdin': left(whyNot('attach')),
  'Config.StopSignal': left(whyNot('stop_signal')),
  'Config.StopTimeout': left(whyNot('stop_grace_period')),
  'Config.Domainname': left(whyNot('domainname')),
  'Config.MacAddress': left(whyNot('mac_address')),
  'Config.Volumes': left('Folders that the image names as volumes; what was mounted there is under Mounts.'),
  'HostConfig.Memory': (value, field, part, { report }) => readLimit('memory', value, field, part, report),
  'HostConfig.NanoCpus': (value, field, part, { report }) =>
    readLimit('cpus', Number(value) / 1e9, field, part, report),
  'HostConfig.CpuQuota'(value, field, part, { container, report }) {
    readLimit(
      'cpus',
      Number(value) / Number(fieldOf(container.HostConfig, 'CpuPeriod') || 100_000),
      field,
      part,
      report,
    );
  },
  'HostConfig.CpuPeriod': left('It is the measure of CpuQuota.'),
  'HostConfig.PidsLimit': (value, field, part, { report }) => readLimit('pids', value, field, part, report),
  'HostConfig.ReadonlyRootfs'(_value, field, part) {
    part.readOnly = { value: true, field };
  },
  'HostConfig.CapAdd'(value, field, part, { report }) {
    for (const [index, text] of textsOf(value).entries()) {
      const name = text.toUpperCase().replace(/^CAP_/, '');
      if ((capabilities as readonly string[]).includes(name))
        part.capabilities.push({ value: name, field: below(field, index) });
      else report.left(below(field, index), `${name} is no capability that an app may ask for.`);
    }
  },
  'HostConfig.CapDrop': (_value, field, _part, { report }) => report.took(field, 'few capabilities, as for every app'),
  'HostConfig.RestartPolicy': (_value, field, _part, { report }) =>
    report.took(field, 'Minicloud starts again what ends'),
  'HostConfig.Init': (_value, field, _part, { report }) => report.took(field, 'an init process, as for every app'),
  'HostConfig.NetworkMode'(value, field, _part, { report }) {
    report.left(
      field,
      value === 'host' ? 'No app is on the machine’s own network. Its ports go under expose.' : whyNot('links'),
    );
  },
  'HostConfig.Tmpfs': left('There is no memory file system but /tmp when security.read_only is on.'),
  'HostConfig.Binds': (_value, field, _part, { report }) => report.took(field, 'what is under Mounts'),
  'HostConfig.Mounts': (_value, field, _part, { report }) => report.took(field, 'what is under Mounts'),
  'HostConfig.MemorySwap': left(whyNot('memswap_limit')),
  'HostConfig.MemoryReservation': left(whyNot('mem_reservation')),
  'HostConfig.CpuShares': left(whyNot('cpu_shares')),
  'HostConfig.CpusetCpus': left(whyNot('cpuset')),
  'HostConfig.Ulimits': left(whyNot('ulimits')),
  'HostConfig.Sysctls': left(whyNot('sysctls')),
  'HostConfig.ExtraHosts': left(whyNot('extra_hosts')),
  'HostConfig.Dns': left(whyNot('dns')),
  'HostConfig.Links': left(whyNot('links')),
  'HostConfig.LogConfig': left(whyNot('logging')),
  'HostConfig.AutoRemove': left('Minicloud removes containers when a release is replaced.'),
  'HostConfig.VolumesFrom': left(whyNot('volumes_from')),
  'HostConfig.SecurityOpt': left('Minicloud sets what is safe, no-new-privileges among it.'),
};

/** Values that say nothing about the app: what the engine writes when nobody said anything. */
const usual: Readonly<Record<string, (value: unknown) => boolean>> = {
  'Config.Hostname': () => true,
  'Config.AttachStdout': () => true,
  'Config.AttachStderr': () => true,
  'Config.OnBuild': () => true,
  'Config.ArgsEscaped': () => true,
  'Config.StopTimeout': (value) => value === 10,
  'Config.StopSignal': (value) => value === 'SIGTERM',
  'HostConfig.ShmSize': (value) => value === 67_108_864,
  'HostConfig.MaskedPaths': () => true,
  'HostConfig.ReadonlyPaths': () => true,
  'HostConfig.ConsoleSize': () => true,
  'HostConfig.ContainerIDFile': () => true,
  'HostConfig.VolumeDriver': () => true,
  'HostConfig.CgroupnsMode': (value) => value !== 'host',
  'HostConfig.IpcMode': (value) => value !== 'host' && value !== 'shareable',
  'HostConfig.Runtime': (value) => value === 'runc',
  'HostConfig.Isolation': (value) => value === 'default',
  'HostConfig.NetworkMode': (value) => value === 'default' || value === 'bridge',
  'HostConfig.LogConfig': (value) =>
    fieldOf(value, 'Type') === 'json-file' && entriesOf(fieldOf(value, 'Config')).length === 0,
  'HostConfig.RestartPolicy': (value) => fieldOf(value, 'Name') === 'no' || fieldOf(value, 'Name') === '',
  'HostConfig.OomScoreAdj': (value) => value === 0,
};

function readContainer(container: Fields, image: Fields | undefined, report: Report): Part {
  const part = emptyPart('web', '');
  const given: Given = { report, container, base: image && (fieldOf(image, 'Config') ?? {}) };
  for (const section of ['Config', 'HostConfig'])
    for (const [name, value] of entriesOf(container[section])) {
      const field = `${section}.${name}`;
      if (saysNothing(value) || (Object.hasOwn(usual, field) && usual[field]?.(value))) continue;
      const read = Object.hasOwn(containerFields, field) ? containerFields[field] : undefined;
      if (read) read(value, field, part, given);
      else report.left(field, whyNot('privileged'));
    }
  for (const [index, mount] of listOf(container.Mounts).entries()) {
    const target = textOf(fieldOf(mount, 'Destination')) ?? '';
    const kind = textOf(fieldOf(mount, 'Type')) ?? 'volume';
    const source = textOf(fieldOf(mount, kind === 'volume' ? 'Name' : 'Source'));
    addMount({ kind, source, target, readOnly: fieldOf(mount, 'RW') === false }, below('Mounts', index), part, report);
  }
  if (!part.image) report.note('Without an image the server has nothing to run: write image, or deploy with one.');
  return part;
}

function readPort(name: string, field: string, part: Part, report: Report, local = false): void {
  const [, port, transport = 'tcp'] = /^(\d{1,5})(?:\/(\w+))?$/.exec(name) ?? [];
  const number = Number(port);
  if (port === undefined || number < 1 || number > 65_535) report.left(field, 'This is no port.');
  else addPort({ port: number, proto: protocolOf(number, transport), local, field }, part, report);
}

function saysNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false || value === 0 || value === -1)
    return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

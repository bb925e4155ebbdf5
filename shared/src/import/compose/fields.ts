/**
 * Every field of a Compose service: what it becomes, or why it becomes nothing. A test holds the table against the list
 * of the specification, https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json.
 */
import { capabilities } from '../../manifest/schema-parts.ts';
import { image, user } from '../../manifest/schema-scalars.ts';
import { readHealth } from '../health.ts';
import { below, type Part } from '../part.ts';
import type { Report } from '../report.ts';
import { type Fields, fit, isOn, textOf, textsOf } from '../values.ts';
import { readBuild } from './build.ts';
import { commandOf } from './command.ts';
import { readDeploy, readLimit } from './deploy.ts';
import { readEnvFiles, readEnvironment, readSecrets } from './environment.ts';
import { readLabels } from './labels.ts';
import { readExpose, readPorts } from './ports.ts';
import type { Compose } from './read.ts';
import { readTmpfs, readVolumes } from './volumes.ts';

export interface Reading {
  compose: Compose;
  report: Report;
  service: Fields;
}

type Read = (value: unknown, field: string, part: Part, reading: Reading) => void;

/** `to`: read into the manifest. `same`: Minicloud does this anyway. `why`: not mapped. */
export type FieldRule =
  | { to: string; read: Read }
  | { same: string; unless?: (value: unknown) => string | undefined }
  | { why: string };

const machine = 'An app gets no rights over the machine; what it may ask for is listed under security.';
const network = 'Each app has a network of its own, in which its containers reach each other by name.';
const kernel = 'The kernel’s settings are the same for every container.';
const processor = 'How much processor time a container gets is said by resources.cpus.';
const memory = 'How much memory a container gets is said by resources.memory, swap included.';

export const composeServiceFields: Readonly<Record<string, FieldRule>> = {
  annotations: { why: 'Minicloud’s containers carry its own labels only.' },
  attach: { why: 'It is about the terminal in which Compose runs; see minicloud logs.' },
  blkio_config: { why: 'Minicloud does not weigh disk traffic.' },
  build: { to: 'build', read: readBuild },
  cap_add: { to: 'security.capabilities', read: readCapabilities },
  cap_drop: { same: 'Minicloud gives every container the few capabilities that images need to start, and no others.' },
  cgroup: { why: machine },
  cgroup_parent: { why: machine },
  command: { to: 'processes.web.command', read: readCommand },
  configs: { why: 'Files that are mounted at the start belong into the image; values go under env or secrets.' },
  container_name: { why: 'Containers are named by Minicloud: several replicas and releases run side by side.' },
  cpu_count: { why: processor },
  cpu_percent: { why: processor },
  cpu_period: { why: processor },
  cpu_quota: { why: processor },
  cpu_rt_period: { why: processor },
  cpu_rt_runtime: { why: processor },
  cpu_shares: { why: processor },
  cpus: {
    to: 'resources.cpus',
    read: (value, field, part, { report }) => readLimit('cpus', value, field, part, report),
  },
  cpuset: { why: processor },
  credential_spec: { why: 'It is for Windows containers; Minicloud runs Linux.' },
  depends_on: { to: 'support and needs', read: () => {} },
  deploy: { to: 'processes.web.count, resources', read: readDeploy },
  develop: { why: 'It is for developing; deploy again to see a change.' },
  device_cgroup_rules: { why: machine },
  devices: { why: machine },
  dns: { why: network },
  dns_opt: { why: network },
  dns_search: { why: network },
  domainname: { why: network },
  entrypoint: { to: 'processes.web.command', read: () => {} },
  env_file: { to: 'env, secrets', read: readEnvFiles },
  environment: { to: 'env, secrets', read: readEnvironment },
  expose: { to: 'expose', read: readExpose },
  extends: { to: 'the fields of the other service', read: () => {} },
  external_links: { why: network },
  extra_hosts: { why: 'Names are given by the server; write the address where the app needs it.' },
  gpus: { why: machine },
  group_add: { why: 'A user has the groups of the image; security.user takes one group: "1000:1000".' },
  healthcheck: { to: 'healthcheck', read: (value, field, part, { report }) => readHealth(value, field, part, report) },
  hostname: { why: 'Host names are given by Minicloud, one for each replica.' },
  image: { to: 'image', read: readImage },
  init: { same: 'Minicloud starts every container with an init process.' },
  ipc: { why: machine },
  isolation: { why: 'It is for Windows containers; Minicloud runs Linux.' },
  label_file: { why: 'Minicloud’s containers carry its own labels only; labels of proxies are read from labels.' },
  labels: { to: 'expose[0].domains', read: (value, field, part, { report }) => readLabels(value, field, part, report) },
  links: { why: network },
  logging: { why: 'Minicloud keeps the output itself, bounded; see minicloud logs.' },
  mac_address: { why: network },
  mem_limit: {
    to: 'resources.memory',
    read: (value, field, part, { report }) => readLimit('memory', value, field, part, report),
  },
  mem_reservation: { why: memory },
  mem_swappiness: { why: memory },
  memswap_limit: { why: memory },
  models: { why: 'Minicloud runs no language models; give the address of one under env.' },
  network_mode: { same: network, unless: networkMode },
  networks: { same: network },
  oom_kill_disable: { why: memory },
  oom_score_adj: { why: memory },
  pid: { why: machine },
  pids_limit: {
    to: 'resources.pids',
    read: (value, field, part, { report }) => readLimit('pids', value, field, part, report),
  },
  platform: { why: 'The platform is the server’s; a deploy says so when the image has none for it.' },
  ports: { to: 'expose', read: (value, field, part, { report }) => readPorts(value, field, part, report) },
  post_start: { why: 'There is no command after the start; release runs one before the switch.' },
  pre_stop: { why: 'There is no command before the stop; the app gets SIGTERM and time to finish.' },
  privileged: { same: 'No container is privileged.', unless: (value) => (isOn(value) ? machine : undefined) },
  profiles: { why: 'A manifest has no profiles: what is in it runs.' },
  provider: { why: 'Another program makes this service; say under needs what the app needs from the server.' },
  pull_policy: { same: 'A deploy asks the registry for the image each time.' },
  pull_refresh_after: { same: 'A deploy asks the registry for the image each time.' },
  read_only: {
    to: 'security.read_only',
    read: readReadOnly,
  },
  restart: {
    same: 'Minicloud starts again what ends.',
    unless: (value) =>
      /^(no|false|on-failure(:\d+)?)$/.test(String(value))
        ? 'Minicloud starts again whatever ends; what runs once goes under release or jobs.'
        : undefined,
  },
  runtime: { why: machine },
  scale: {
    to: 'processes.web.count',
    read: (value, field, part, { report }) => readLimit('count', value, field, part, report),
  },
  secrets: { to: 'secrets', read: readSecrets },
  security_opt: {
    same: 'Minicloud sets what is safe, no-new-privileges among it.',
    unless: (value) => (textsOf(value).every((option) => /^no-new-privileges/.test(option)) ? undefined : machine),
  },
  shm_size: { why: 'The size of /dev/shm can not be set.' },
  stdin_open: { why: 'An app has no terminal; see minicloud exec.' },
  stop_grace_period: { why: 'The time between SIGTERM and the end is the same for every app.' },
  stop_signal: { why: 'Apps are asked to end with SIGTERM, or with the STOPSIGNAL of the image.' },
  storage_opt: { why: 'What a container writes outside of volumes is not limited by itself.' },
  sysctls: { why: kernel },
  tmpfs: { to: 'nothing', read: (value, field, part, { report }) => readTmpfs(value, field, part, report) },
  tty: { why: 'An app has no terminal; see minicloud exec.' },
  ulimits: { why: kernel },
  use_api_socket: { why: 'The engine’s socket gives whoever has it the whole machine; Minicloud hands it to no app.' },
  user: { to: 'security.user', read: readUser },
  userns_mode: { why: machine },
  uts: { why: machine },
  volumes: { to: 'needs: storage', read: readVolumes },
  volumes_from: { why: 'Volumes belong to one app and are mounted in all of its processes.' },
  working_dir: { why: 'The working folder is the image’s; set WORKDIR in the Dockerfile, or write whole paths.' },
};

/** The order in which fields are read where it matters: labels say which of the exposed ports is meant. */
const first = ['image', 'build', 'labels'];

/** What a service says, as a part. Every field of it is either in the part or told. */
export function readService(name: string, reading: Reading): Part {
  const { service, report } = reading;
  const field = below('services', name);
  const part: Part = { name, field, variables: [], ports: [], volumes: [], capabilities: [], domains: [], secrets: [] };
  const keys = Object.keys(service).filter((key) => service[key] !== undefined);
  for (const key of [
    ...first.filter((wanted) => keys.includes(wanted)),
    ...keys.filter((key) => !first.includes(key)),
  ]) {
    const inside = below(field, key);
    const rule = Object.hasOwn(composeServiceFields, key) ? composeServiceFields[key] : undefined;
    const value = service[key];
    if (!rule)
      report.left(
        inside,
        key.startsWith('x-') ? 'An extension that Compose itself does not use.' : 'Compose knows no such field.',
      );
    else if (value === null) report.left(inside, 'It has no value.');
    else if ('read' in rule) rule.read(value, inside, part, reading);
    else if ('why' in rule) report.left(inside, rule.why);
    else {
      const why = rule.unless?.(value);
      if (why === undefined) report.took(inside, rule.same);
      else report.left(inside, why);
    }
  }
  return part;
}

function readImage(value: unknown, field: string, part: Part, { report, service }: Reading): void {
  const fitting = fit(image, textOf(value) ?? '');
  if (fitting === undefined) report.left(field, 'This is no name of an image that a manifest can hold.');
  else if (service.build !== undefined && service.build !== null)
    report.left(field, 'The image is built; its name is given by Minicloud.');
  else part.image = { value: fitting, field };
}

/**
 * A container starts with the image's own entrypoint; what stands under `entrypoint` becomes the beginning of the
 * command.
 */
function readCommand(_value: unknown, field: string, part: Part, { service }: Reading): void {
  const command = commandOf(service.command);
  if (command) part.command = { value: command, field };
}

function readReadOnly(value: unknown, field: string, part: Part): void {
  part.readOnly = { value: isOn(value), field };
}

function readUser(value: unknown, field: string, part: Part, { report }: Reading): void {
  const fitting = fit(user, textOf(value) ?? '');
  if (fitting === undefined) report.left(field, 'This is no user that a manifest can hold.');
  else part.user = { value: fitting, field };
}

function readCapabilities(value: unknown, field: string, part: Part, { report }: Reading): void {
  for (const [index, text] of textsOf(value).entries()) {
    const name = text.toUpperCase().replace(/^CAP_/, '');
    if ((capabilities as readonly string[]).includes(name))
      part.capabilities.push({ value: name, field: below(field, index) });
    else report.left(below(field, index), `${name} is no capability that an app may ask for.`);
  }
}

function networkMode(value: unknown): string | undefined {
  const mode = textOf(value) ?? '';
  if (/^(bridge|default)$/.test(mode)) return undefined;
  if (mode === 'host')
    return 'No app is on the machine’s own network: what listens there would be open to everybody. Its ports go under expose.';
  return `The mode ${mode} can not be had: ${network}`;
}

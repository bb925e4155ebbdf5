/**
 * The manifest as the rest of Minicloud sees it: every default filled in, every unit a number, every short form
 * spelled out. `parse.ts` makes it; nothing else does. The text form is described by the zod schema in `schema.ts`.
 */

export type Environment = 'production' | 'staging';
export type ExposeProtocol = 'http' | 'tcp' | 'udp';
export type DatabaseEngine = 'mariadb' | 'postgres';
export type RolloutStrategy = 'rolling' | 'steps' | 'stop-first';

export interface Resources {
  /** Bytes. */
  memory?: number;
  /** Cores, fractions allowed. */
  cpus?: number;
  /** Most processes and threads at once. */
  pids?: number;
}

export interface Expose {
  port: number;
  proto: ExposeProtocol;
  /** Name of the process that listens; the primary process unless said otherwise. */
  process: string;
  /** Lower-case ASCII (punycode) names. Empty: the server gives NAME.SERVER-DOMAIN to the first http port. */
  domains: string[];
  /** Path prefix, starts with `/`. */
  path: string;
  maxBodyBytes: number;
  timeoutMs: number;
}

export interface DatabaseNeed {
  kind: 'database';
  engine: DatabaseEngine;
  version?: string;
  env: string;
  dedicated: boolean;
}
export interface MessagebusNeed {
  kind: 'messagebus';
  env: string;
}
export interface CacheNeed {
  kind: 'cache';
  env: string;
}
export interface StorageNeed {
  kind: 'storage';
  path: string;
  sizeBytes?: number;
}
export type Need = DatabaseNeed | MessagebusNeed | CacheNeed | StorageNeed;

export interface Process {
  name: string;
  /** argv; undefined runs the image's own command. */
  command?: string[];
  count: number;
  resources: Resources;
}

export interface SupportContainer {
  name: string;
  image: string;
  command?: string[];
  env: Record<string, string>;
  volumes: { path: string; sizeBytes?: number }[];
  resources: Resources;
  /** Absent: it asks nothing of the internet. */
  internet?: true;
}

export interface Healthcheck {
  /** undefined: a TCP connection is enough. */
  path?: string;
  port: number;
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  graceMs: number;
}

export interface Rollout {
  strategy: RolloutStrategy;
  /** Rising percentages that end in 100. */
  steps: number[];
  advance: 'auto' | 'manual';
  pauseMs: number;
}

export interface Job {
  name: string;
  schedule: string;
  timezone: string;
  command: string[];
  timeoutMs: number;
  overlap: 'forbid' | 'allow' | 'replace';
}

export interface Build {
  type: 'dockerfile' | 'static' | 'nixpacks' | 'compose';
  git?: { repo: string; branch?: string };
  context: string;
  dockerfile?: { path: string; target?: string; args: Record<string, string> };
  static?: { command?: string; output: string };
  nixpacks?: { start?: string; variables: Record<string, string> };
  compose?: { file: string; service: string };
}

export interface Placement {
  region?: string;
  city?: string;
  pop?: string;
  labels: Record<string, string>;
  near?: string;
  apart?: string;
  priority?: number;
}

export interface Backup {
  schedule: string;
  keep: { daily?: number; weekly?: number; monthly?: number };
  rehearse?: 'daily' | 'weekly' | 'monthly';
}

export interface Security {
  readOnly: boolean;
  user?: string;
  capabilities: string[];
  /** Absent: the app may ask the internet. */
  internet?: false;
}

export interface ContainerManifest {
  kind: 'container';
  version: 1;
  name: string;
  environment: Environment;
  image?: string;
  build?: Build;
  expose: Expose[];
  env: Record<string, string>;
  secrets: string[];
  needs: Need[];
  /** At least one; the first is the primary process (`web` when it is there). */
  processes: Process[];
  support: SupportContainer[];
  release?: { command: string[]; timeoutMs: number };
  /** Only when an http or tcp port is exposed or the manifest says so. */
  healthcheck?: Healthcheck;
  resources: Resources;
  rollout: Rollout;
  jobs: Job[];
  placement?: Placement;
  backup?: Backup;
  security: Security;
}

export interface ForwardManifest {
  kind: 'forward';
  version: 1;
  name: string;
  environment: Environment;
  forward: { port: number; domains: string[] };
}

export type Manifest = ContainerManifest | ForwardManifest;

/** Zero-based, end exclusive, in UTF-16 code units: what editors count in. */
export interface Range {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

export type Severity = 'error' | 'warning' | 'information' | 'hint';

export interface Diagnostic {
  /** Stable: `manifest/port-range`. Rules are listed in `rules.ts`. */
  code: string;
  severity: Severity;
  /** What is wrong, with the value (cut, secrets masked), and what to write instead. */
  message: string;
  range: Range;
  /** Where in the manifest: `expose[0].port`. Empty for the whole file. */
  path: string;
  /** With a `file`, relative to the manifest's folder, where that is not the manifest itself. */
  related?: { message: string; range: Range; file?: string }[];
  /** Data for a quick fix; the editor turns it into edits. */
  fix?: Fix;
}

/** One replacement in the text that makes the diagnostic go. */
export interface Fix {
  title: string;
  edits: { range: Range; newText: string }[];
}

/** What the server knows, for rules that need it. Incomplete facts keep their rules silent: unknown is not wrong. */
export interface ServerFacts {
  complete: boolean;
  /** Milliseconds since the epoch. */
  asOf: number;
  serverDomain: string;
  /** Every domain in use and the app that owns it. */
  domains: { name: string; app: string }[];
  apps: string[];
  /** Per app: names of secrets that have a value. */
  secrets: Record<string, string[]>;
  /** Per app: names of its config vars. An older server does not tell them. */
  config?: Record<string, string[]>;
  /** Manifest keys that this server can execute, such as `needs.database.mariadb`. */
  features: string[];
  /** Most containers of one app. */
  room?: { replicas: number; support: number };
  /** The shared servers that apps can have a part of. `off`: the first app that needs it starts it. */
  services?: { engine: string; state: 'ok' | 'starting' | 'down' | 'off' }[];
  /** Names of images that are on the server already, the newest first, bounded. Never said to be all there are. */
  images?: string[];
  /** What the nodes are called and labelled with: where apps can be placed. */
  places?: { regions: string[]; cities: string[]; pops: string[]; labels: Record<string, string[]> };
}

/** What the source beside a manifest does with variables; told by whoever may read files. */
export interface SourceReads {
  reads: SourceRead[];
  /** Variables that a Dockerfile of the source gives to its image. */
  imageSets: string[];
  /** A Dockerfile stands beside the manifest: an image that the manifest names may well be made from it. */
  makesImage?: boolean;
  /** Names that stand in the manifest and nowhere in the source; none unless all of it was looked through. */
  unread: string[];
}

export interface SourceRead {
  name: string;
  /** Relative to the folder of the manifest, with `/` between the parts. */
  file: string;
  /** From 1. */
  line: number;
  /** What the source takes when it is not set: the text where it is a simple one, else true. */
  fallback?: string | true;
}

export interface ParseResult {
  /** Present when no diagnostic is an error. */
  manifest?: Manifest;
  diagnostics: Diagnostic[];
}

/**
 * The text form of a manifest, version 1: the one description that the parser, hover, completion and the JSON Schema
 * are made from. It only says what each value may be; rules across values are in `rules.ts`.
 */
import * as z from 'zod';
import {
  backup,
  build,
  expose,
  forward,
  healthcheck,
  job,
  need,
  placement,
  process,
  releaseCommand,
  resources,
  rollout,
  security,
  support,
  variables,
} from './schema-parts.ts';
import { appName, environment, envName, image, partName } from './schema-scalars.ts';

/** Versions of the manifest language that this code reads. */
export const knownVersions = [1] as const;

export const manifestSchema = z
  .strictObject({
    version: z.literal(knownVersions).default(1).describe('Version of the manifest language.'),
    name: appName.meta({ description: 'Name of the app, unique on the server.', examples: ['guestbook'] }),
    environment: environment
      .default('production')
      .describe('What the app is for; shown in lists and asked about before it is deleted.'),
    image: image.optional().meta({
      description: 'Image that runs; without image and build it comes with the deploy or by push.',
      examples: ['docker.io/me/guestbook:1.4.2'],
    }),
    build: build.optional().describe('How the image is made from source.'),
    expose: z
      .array(expose)
      .default([])
      .meta({
        description: 'Ports of the app that are reached from outside, each with its own domains.',
        examples: [[{ proto: 'http', port: 80 }]],
      }),
    env: variables.default({}).meta({
      description: 'Variables of every process; they stand in the file, so they are not secret.',
      examples: [{ NODE_ENV: 'production' }],
    }),
    secrets: z
      .array(envName)
      .default([])
      .meta({
        description: 'Names of variables whose values live on the server.',
        examples: [['STRIPE_KEY']],
      }),
    needs: z
      .array(need)
      .default([])
      .meta({
        description: 'What the app needs from the server: database, messagebus, cache, storage.',
        examples: [['database', 'storage']],
      }),
    processes: z
      .record(partName, process)
      .default({})
      .meta({
        description: 'Commands of the app by name; one process web with the image’s own command when nothing is said.',
        examples: [{ web: { command: ['node', 'server.js'], count: 2 } }],
      }),
    support: z
      .record(partName, support)
      .default({})
      .describe('Containers with images of their own, reachable from the app only, by their name.'),
    release: releaseCommand
      .optional()
      .describe('Command that runs in the new image before the switch; when it fails the old release stays.'),
    healthcheck: healthcheck
      .optional()
      .describe('How the server sees that a replica works, before it gets traffic and after.'),
    resources: resources.optional().describe('Limits of each replica of every process.'),
    rollout: rollout.optional().describe('How traffic moves from the old release to the new one.'),
    jobs: z.array(job).default([]).describe('Commands that run by a schedule, in the image of the release.'),
    placement: placement.optional().describe('Where the app runs when the server has several nodes.'),
    backup: backup.optional().describe('When volumes and databases are saved and how long that is kept.'),
    security: security.optional().describe('What the app may do inside its container.'),
    forward: forward
      .optional()
      .describe(
        'Makes this a forward: domains that lead to a port on the server itself. Nothing else but the name goes with it.',
      ),
  })
  .meta({
    title: 'Minicloud manifest',
    description: 'What an app is and what it needs. Only name is required.',
    examples: [{ name: 'myapp', expose: [{ proto: 'http', port: 80 }], needs: ['database', 'messagebus', 'storage'] }],
  });

/** A manifest's text form with the defaults that do not depend on other values. */
export type ManifestText = z.output<typeof manifestSchema>;

/** As much of the text form as could be read: anything may be missing, list items too. */
export type PartialText = Readable<ManifestText>;

type Readable<T> = T extends readonly (infer Item)[]
  ? (Readable<Item> | undefined)[]
  : T extends object
    ? { [Key in keyof T]?: Readable<T[Key]> | undefined }
    : T;

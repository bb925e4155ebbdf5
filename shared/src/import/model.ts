/** What an importer is given, and what it answers: data only. */

import type { RequiredFeature } from '../manifest/features.ts';

/** What an app was described by before: Compose, Heroku, CapRover, or a container that runs. */
export type ImportKind = 'compose' | 'heroku' | 'caprover' | 'container';

export interface ImportInput {
  kind: ImportKind;
  /** Name of the file that was chosen, without its folder. */
  file: string;
  text: string;
  /** Name of the folder it is in; the app's name when nothing else says one. */
  folder: string;
  /** Other files of that folder and below, by their path with `/`. What is not here is taken as not there. */
  files?: ReadonlyMap<string, string>;
  /** The Compose service that becomes the app; the one that looks like it when nothing is said. */
  service?: string;
  /** Features of the server that it is for; those of this version when no server is known. */
  offered?: readonly string[];
}

export type ImportResult = Imported | NotImported;

export interface Imported {
  ok: true;
  /** Text of a `cloud_manifest.yml` without an error. Holds no value that looks like a secret. */
  manifest: string;
  /** Name of the app. */
  app: string;
  /** Services that could be the app, the chosen one first. Empty where there are no services. */
  services: string[];
  mapped: { field: string; to: string }[];
  notMapped: { field: string; why: string }[];
  /** Variables whose values the server has to be given, and where they came from. */
  secrets: { name: string; field: string }[];
  /** Keys of the manifest that a deploy would be refused for, as the server does not offer them yet. */
  notOffered: RequiredFeature[];
  /** What a person should know that belongs to no single field. */
  notes: string[];
}

/** Nothing could be made of it. */
export interface NotImported {
  ok: false;
  why: string;
  remedy: string;
}

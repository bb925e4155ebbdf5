/** `captain-definition` of CapRover as a manifest, https://caprover.com/docs/captain-definition-file.html. */
import { filePath, image } from '../manifest/schema-scalars.ts';
import { appNameOf } from './app-name.ts';
import { assemble } from './assemble.ts';
import { readJson } from './json.ts';
import type { ImportInput, ImportResult } from './model.ts';
import { emptyPart, type Part } from './part.ts';
import { renderImport } from './render.ts';
import { createReport, type Report } from './report.ts';
import { fit, isFields, listOf, pathBelow, textOf } from './values.ts';

/** CapRover's own default; it is changed in its dashboard, and so not in the file. */
const webPort = 80;

type Read = (value: unknown, part: Part, report: Report) => void;

/** Every key of the file. A key in no row is told as unknown. */
export const captainFields: Readonly<Record<string, Read>> = {
  schemaVersion: (_value, _part, report) => report.left('schemaVersion', 'It is about the file itself.'),
  imageName(value, part, report) {
    const fitting = fit(image, textOf(value) ?? '');
    if (fitting === undefined) report.left('imageName', 'This is no name of an image that a manifest can hold.');
    else part.image = { value: fitting, field: 'imageName' };
  },
  dockerfilePath(value, part, report) {
    const path = pathBelow(textOf(value) ?? '../');
    if (path === undefined || fit(filePath, path) !== path)
      report.left('dockerfilePath', 'It lies outside of this folder.');
    else
      part.build = {
        value: { type: 'dockerfile', ...(path === 'Dockerfile' ? {} : { dockerfile: { path } }) },
        field: 'dockerfilePath',
      };
  },
  dockerfileLines(value, part, report) {
    report.left('dockerfileLines', 'A Dockerfile is a file: write these lines into one, beside the manifest.');
    part.build ??= { value: { type: 'dockerfile' }, field: 'dockerfileLines' };
    const exposed = listOf(value).flatMap((line) => /^\s*EXPOSE\s+(\d{1,5})/i.exec(textOf(line) ?? '')?.[1] ?? []);
    for (const port of exposed.slice(0, 1)) part.routedPort = { value: Number(port), field: 'dockerfileLines' };
  },
  templateId(value, part, report) {
    part.build ??= { value: { type: 'nixpacks' }, field: 'templateId' };
    report.note(`The template ${textOf(value) ?? ''} is not used: nixpacks finds the language by itself.`);
  },
};

export function importCaprover(input: ImportInput): ImportResult {
  const read = readJson(input.text, input.file);
  if ('ok' in read) return read;
  if (!isFields(read.value))
    return {
      ok: false,
      why: `${input.file} holds no JSON object.`,
      remedy: 'Choose the captain-definition of an app.',
    };
  const report = createReport();
  const part = emptyPart('web', '');
  for (const [key, value] of Object.entries(read.value)) {
    const take = Object.hasOwn(captainFields, key) ? captainFields[key] : undefined;
    if (take) take(value, part, report);
    else report.left(key, 'CapRover knows no such key.');
  }
  if (part.build && part.image) {
    report.left(part.image.field, 'The image is built.');
    part.image = undefined;
  }
  if (!part.routedPort) part.ports.push({ port: webPort, proto: 'http', field: 'schemaVersion' });
  report.note(
    'Port, domains, variables, volumes and replicas are in the dashboard of CapRover and not in this file: look them up there.',
  );
  const manifest = assemble(
    { name: appNameOf(input.folder), main: part, processes: [], supports: [], needs: [] },
    report,
  );
  return renderImport(manifest, { from: input.file, report, services: [], offered: input.offered });
}

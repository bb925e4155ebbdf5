/** The images of a release that was made before, as they are on this machine. */
import { ProblemError } from 'minicloud-shared/model/problem';
import type { ImageInfo } from '../adapters/engine/contract.ts';
import type { AppRow } from '../apps/apps.ts';
import type { Cloud } from '../context.ts';
import { type ReleaseRow, resolvedOf } from '../releases/releases.ts';

/** Throws `image_not_found` when one is gone. */
export async function imageOf(
  cloud: Cloud,
  app: AppRow,
  target: ReleaseRow,
): Promise<{ info: ImageInfo; supportInfos: Map<string, ImageInfo> }> {
  const info = await cloud.engine.inspectImage(target.image_id);
  if (!info) throw imageGone(app, target);
  const supportInfos = new Map<string, ImageInfo>();
  for (const [name, id] of Object.entries(resolvedOf(target).supportImages)) {
    const support = await cloud.engine.inspectImage(id);
    if (!support) throw supportImageGone(app, target, name, id);
    supportInfos.set(name, support);
  }
  return { info: { ...info, digest: target.digest }, supportInfos };
}

function imageGone(app: AppRow, target: ReleaseRow): ProblemError {
  return new ProblemError({
    code: 'image_not_found',
    what: 'The image of this release is gone',
    object: `image ${target.image} of release ${target.version} of ${app.name}`,
    why: `${target.digest} is not on this machine any more.`,
    still: 'Nothing was changed.',
    remedy: `Deploy the image again: \`minicloud deploy ${app.name} --image ${target.image}\`.`,
  });
}

function supportImageGone(app: AppRow, target: ReleaseRow, name: string, id: string): ProblemError {
  const entry = resolvedOf(target).manifest.support.find((support) => support.name === name);
  return new ProblemError({
    code: 'image_not_found',
    what: 'An image of this release is gone',
    object: `image ${entry?.image ?? id} of support container ${name}, release ${target.version} of ${app.name}`,
    why: `${id} is not on this machine any more.`,
    still: 'Nothing was changed.',
    remedy: 'Deploy the manifest of that release again: its images are fetched then.',
  });
}

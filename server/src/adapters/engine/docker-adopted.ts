/**
 * Containers that Minicloud made before they carried their own name as a label. They are its own as long as no image
 * can have brought the labels: whoever starts a copy of one of our containers must not be taken for us.
 */

import { nameLabel, ownKeysLabel } from './baseline.ts';
import { type CallOptions, installationLabel, type Labels } from './contract.ts';
import { imageAnswer } from './docker-answers.ts';
import type { Call, Transport } from './docker-transport.ts';

export interface Found {
  id: string;
  name: string;
  /** As the engine tells it. */
  image: string;
  labels: Labels;
}

interface Known {
  /** Whether an image has labels of ours, by its id: images never change under it. */
  images: Map<string, boolean>;
  /** Names of containers that were adopted, by id: their events say nothing of their image's id. */
  containers: Map<string, string>;
}

const byTransport = new WeakMap<Transport, Known>();
const mostKept = 20_000;

/** The labels of a container, with its name among them when it is one of ours that was made without. */
export async function withName(transport: Transport, found: Found, options?: CallOptions): Promise<Labels> {
  const { id, name, image, labels } = found;
  if (nameLabel in labels || !claimsToBeOurs(labels)) return labels;
  const { images, containers } = knownOf(transport);
  let claims = images.get(image);
  if (claims === undefined) {
    const call: Call = {
      method: 'GET',
      path: `/images/${image}/json`,
      verb: 'look at the image',
      object: `image ${image}`,
    };
    const answer = await transport.find(call, imageAnswer, options);
    // An image that is gone can't be asked: nothing says that the labels are not its.
    claims = answer === undefined || ownKeysLabel in (answer.Config?.Labels ?? {});
    if (images.size >= mostKept) images.clear();
    if (answer) images.set(image, claims);
  }
  if (claims) return labels;
  if (containers.size >= mostKept) containers.clear();
  containers.set(id, name);
  return { ...labels, [nameLabel]: name };
}

/** The same for what the engine tells of a container that was looked at before. */
export function withKnownName(transport: Transport, id: string, labels: Labels): Labels {
  const name = knownOf(transport).containers.get(id);
  return name === undefined || nameLabel in labels ? labels : { ...labels, [nameLabel]: name };
}

function claimsToBeOurs(labels: Labels): boolean {
  return (labels[ownKeysLabel] ?? '').split(',').includes(installationLabel);
}

function knownOf(transport: Transport): Known {
  const known = byTransport.get(transport) ?? { images: new Map(), containers: new Map() };
  byTransport.set(transport, known);
  return known;
}

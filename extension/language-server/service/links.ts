/** What a manifest leads to: pages of images, addresses of domains, files beside it. */
import type { ManifestDocument } from 'minicloud-shared/manifest/parse';
import type { TreeNode } from 'minicloud-shared/manifest/tree';
import { fits } from './candidates.ts';
import { joinPath } from './files.ts';
import { imagePage } from './image.ts';
import type { Known } from './known.ts';

export interface ManifestLink {
  span: readonly [start: number, end: number];
  /** A web address, or a path from the manifest's folder. */
  target: { url: string } | { file: string };
  tooltip: string;
}

type Target = Omit<ManifestLink, 'span'>;
interface Asked {
  document: ManifestDocument;
  known: Known;
}

const rows: readonly [at: string, target: (value: string, asked: Asked) => Target | undefined][] = [
  ['image', page],
  ['support.*.image', page],
  ['expose.*.domains.*', site],
  ['forward.domains.*', site],
  [
    'build.git.repo',
    (value) => (/^https?:\/\//.test(value) ? { target: { url: value }, tooltip: 'Open the repository' } : undefined),
  ],
  ['build.context', (value, asked) => file('.', value, asked, 'Show the folder')],
  ['build.dockerfile.path', (value, asked) => file(contextOf(asked), value, asked, 'Open the Dockerfile')],
  ['build.compose.file', (value, asked) => file(contextOf(asked), value, asked, 'Open the compose file')],
];

/** Links of the whole manifest, in its order. */
export function links(document: ManifestDocument, known: Known = {}): ManifestLink[] {
  const root = document.context.nodeAt([]);
  return root ? linksIn(root, { document, known }) : [];
}

function linksIn(node: TreeNode, asked: Asked): ManifestLink[] {
  if (node.kind === 'map') return [...node.entries.values()].flatMap((child) => linksIn(child, asked));
  if (node.kind === 'list') return node.items.flatMap((child) => linksIn(child, asked));
  if (typeof node.value !== 'string' || node.value === '') return [];
  const target = rows.find(([at]) => fits(at, node.path))?.[1](node.value, asked);
  if (!target) return [];
  const quotes = node.plain ? 0 : 1;
  return [{ span: [node.span[0] + quotes, node.span[1] - quotes], ...target }];
}

function page(image: string): Target | undefined {
  const url = imagePage(image);
  return url === undefined ? undefined : { target: { url }, tooltip: 'Open the image’s page at its registry' };
}

/** The address that the server really serves, where it is known: on a laptop it has a port and no certificate. */
function site(domain: string, { known: { live } }: Asked): Target | undefined {
  const name = domain.toLowerCase();
  if (!/^[\w.-]+$/.test(name)) return undefined;
  const served = live?.urls.find((url) => new RegExp(`^https?://${name.replaceAll('.', '\\.')}([:/]|$)`).test(url));
  return { target: { url: served ?? `https://${name}` }, tooltip: 'Open in the browser' };
}

/** Nothing for a file that is known not to be there. */
function file(folder: string, path: string, { known: { files } }: Asked, tooltip: string): Target | undefined {
  const target = joinPath(folder, path);
  const there = !files || target === '' || files.some((each) => each === target || each.startsWith(`${target}/`));
  return there ? { target: { file: target }, tooltip } : undefined;
}

function contextOf({ document }: Asked): string {
  return document.context.text.build?.context ?? '.';
}

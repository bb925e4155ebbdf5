/** How a deploy went, as measured. */
import type { Release } from 'minicloud-shared/model/release';
import { shortDigest } from './plan-view.ts';
import { type Cell, table } from './table.ts';
import { type Line, styled } from './text.ts';
import { duration } from './time.ts';

export interface Ended {
  name: string;
  version: number | undefined;
  urls: readonly string[];
  /** None when the server could not be asked any more. */
  release: Release | undefined;
}

export function receiptView({ name, version, urls, release }: Ended, columns: number): Line[] {
  const receipt = release?.receipt;
  const rows: Cell[][] = urls.map((url) => [styled('dim', 'url'), styled('cyan', url)]);
  if (receipt) {
    const { sent, failed } = receipt.probes;
    const probes = sent === 0 ? 'none sent' : `${sent} sent through the proxy during the switch, ${failed} failed`;
    rows.push([styled('dim', 'probes'), styled(failed > 0 ? 'yellow' : undefined, probes)]);
    if (receipt.switchMs !== undefined)
      rows.push([styled('dim', 'switch'), `${duration(receipt.switchMs)} until the new release answered`]);
    rows.push(
      [styled('dim', 'total'), duration(receipt.totalMs)],
      [styled('dim', 'image'), `${release.image} (${shortDigest(receipt.digest)})`],
    );
  }
  if (urls.length === 0) rows.push([styled('dim', 'url'), 'none: it exposes no http port']);
  const head: Line = [styled('green', `${name} is live`), version === undefined ? '' : `: release ${version}`];
  return [
    head,
    ...table([{}, { overflow: 'wrap' }], rows, Math.max(20, columns - 2)).map((line): Line => ['  ', ...line]),
  ];
}

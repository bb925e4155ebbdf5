/** From a health check that runs a program in the container to one that asks from outside. */

import { healthcheck } from '../manifest/schema-parts.ts';
import { routePath } from '../manifest/schema-scalars.ts';
import { suggestDuration } from '../manifest/units.ts';
import { below, type Part } from './part.ts';
import type { Report } from './report.ts';
import { commandHoldsSecret } from './secrets.ts';
import { durationOf, entriesOf, type Fields, fieldOf, fit, isOn, textsOf } from './values.ts';

const own = String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?HOSTNAME\}?)`;
const url = new RegExp(String.raw`(?:(https?):\/\/)?${own}(?::(\d{1,5}))?(\/[^\s"'|;&)\x60]*)?`, 'i');
const socket = new RegExp(String.raw`\b(?:nc|ncat|netcat)\b.*?${own}[\s:]+(\d{1,5})`, 'i');

/** Longer checks are programs, and the expressions above would look at them for long. */
const longestLine = 2000;

/** Compose's times, and what a manifest calls them. */
const times: Record<string, 'interval' | 'timeout' | 'grace'> = {
  interval: 'interval',
  timeout: 'timeout',
  start_period: 'grace',
};

/** Reads a `healthcheck` of Compose, or one of a container written in its words. */
export function readHealth(value: unknown, field: string, part: Part, report: Report): void {
  const test = textsOf(fieldOf(value, 'test'));
  if (isOn(fieldOf(value, 'disable')) || test[0] === 'NONE') {
    report.left(field, 'It switches the image’s own check off; Minicloud never runs that one, it asks from outside.');
    return;
  }
  const line = (/^CMD(-SHELL)?$/.test(test[0] ?? '') ? test.slice(1) : test).join(' ');
  const testField = below(field, 'test');
  const asked = line === '' || line.length > longestLine ? undefined : whatIsAsked(line);
  if (!asked) {
    if (line !== '' || entriesOf(value).length > 0)
      report.left(
        line === '' ? field : testField,
        'Minicloud asks over HTTP or TCP from outside and runs no program in the container for it; give the app a path to ask, such as /healthz.',
      );
    return;
  }
  const check: Fields = {};
  if (asked.path !== undefined) {
    const path = fit(routePath, asked.path.replace(/[?#].*$/, ''));
    if (path === undefined || commandHoldsSecret([line]))
      report.left(testField, 'Its path is none that a manifest can hold.');
    else check.path = path;
    if (/[?#]/.test(asked.path))
      report.left(testField, 'What follows ? or # in its address: a path is asked without it.');
  }
  if (asked.port !== undefined) check.port = asked.port;
  if (asked.secure) report.note(`${field}: the check asked over https; Minicloud asks over http.`);
  readTimes(value, field, check, report);
  const health = healthcheck.safeParse(check);
  if (health.success) part.health = { value: check, field };
  else report.left(field, 'It does not fit what a manifest can hold.');
  const rest = line.replace(url, '').match(/\b(grep|jq|awk|-H|--header|-X|--request|-d|--data)\b/);
  if (rest) report.note(`${testField}: “${rest[0]}” of the command is not used; a status below 400 is what counts.`);
}

function readTimes(value: unknown, field: string, check: Fields, report: Report): void {
  for (const [key, given] of entriesOf(value)) {
    const to = times[key];
    const inside = below(field, key);
    if (key === 'test' || key === 'disable') continue;
    if (to) {
      const text = durationOf(given) ?? suggestDuration(String(given));
      const fits = text === undefined ? undefined : fit(healthcheck.shape[to].unwrap(), text);
      if (fits === undefined) report.left(inside, 'This is no time that a manifest can hold.');
      else check[to] = fits;
    } else if (key === 'retries') {
      const count = fit(healthcheck.shape.retries.unwrap(), Number(given));
      if (count === undefined) report.left(inside, 'This is no number of tries that a manifest can hold.');
      else check.retries = count;
    } else if (key === 'start_interval') report.left(inside, 'Minicloud asks at one interval from the start.');
    else report.left(inside, 'A health check of Compose has no such key.');
  }
}

interface Asked {
  path?: string;
  port?: number;
  secure?: boolean;
}

function whatIsAsked(line: string): Asked | undefined {
  const listening = socket.exec(line);
  if (listening) return { port: Number(listening[1]) };
  const found = url.exec(line);
  const asks = /\b(curl|wget|http|fetch|requests|urllib|xh)\b/i.test(line);
  if (!found || !(asks || found[1] !== undefined)) return undefined;
  const secure = found[1]?.toLowerCase() === 'https';
  const port = found[2] ? Number(found[2]) : secure ? 443 : 80;
  return { path: found[3] ?? '/', port, secure };
}

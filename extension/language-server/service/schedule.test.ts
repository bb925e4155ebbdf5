import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadNextRuns, momentText, nextRuns, scheduleWords } from './schedule.ts';

await loadNextRuns();

const words: [schedule: string, words: string | undefined][] = [
  ['* * * * *', 'Every minute'],
  ['*/15 * * * *', 'Every 15 minutes'],
  ['*/1 * * * *', 'Every minute'],
  ['0 * * * *', 'Every hour'],
  ['0 */6 * * *', 'Every 6 hours'],
  ['5 * * * *', 'At minute 5 of every hour'],
  ['5,35 * * * *', 'At minute 5 and 35 of every hour'],
  ['0 3 * * *', 'At 03:00'],
  ['30 8,20 * * *', 'At 08:30 and 20:30'],
  ['*/10 8-17 * * *', 'Every 10 minutes, in the hours 8 through 17'],
  ['5 */2 * * *', 'At minute 5, in every 2nd hour'],
  ['0 3 * * 1-5', 'At 03:00, Monday through Friday'],
  ['0 3 * * mon,WED', 'At 03:00, Monday and Wednesday'],
  ['0 3 * * 7', 'At 03:00, Sunday'],
  ['0 3 1 * *', 'At 03:00, on day 1 of the month'],
  ['0 3 1,15 * *', 'At 03:00, on day 1 and 15 of the month'],
  ['0 3 */11 * *', 'At 03:00, on every 11th day of the month'],
  ['0 3 1-10/3 * *', 'At 03:00, on every 3rd day of 1 through 10 of the month'],
  ['0 3 1 6 *', 'At 03:00, on day 1 of the month, only in June'],
  ['0 3 1 1-3,DEC *', 'At 03:00, on day 1 of the month, only in January through March and December'],
  ['0 2 1 * 1', 'At 02:00, on day 1 of the month or on Monday'],
  ['0 3 * *', undefined],
  ['0 25 * * *', undefined],
];
for (const [schedule, expected] of words) {
  test(`${schedule} in words`, () => assert.equal(scheduleWords(schedule), expected));
}

const from = Date.parse('2026-10-24T12:00:00Z');

test('the hour that a clock shows twice, and the one that it leaves out', () => {
  const shown = (schedule: string, zone: string, at = from) =>
    nextRuns(schedule, zone, at, 2).map((run) => [new Date(run).toISOString(), momentText(run, zone)]);
  // On 25 October 2026 clocks in Amsterdam go back from 03:00 to 02:00.
  assert.deepEqual(shown('30 3 * * *', 'Europe/Amsterdam'), [
    ['2026-10-25T02:30:00.000Z', 'Sun 25 Oct 2026, 03:30'],
    ['2026-10-26T02:30:00.000Z', 'Mon 26 Oct 2026, 03:30'],
  ]);
  assert.equal(nextRuns('30 2 * * *', 'Europe/Amsterdam', from, 3).length, 3);
});

test('no moments for what is no schedule or no zone', () => {
  assert.deepEqual(nextRuns('0 3 * *', 'UTC', from, 3), []);
  assert.deepEqual(nextRuns('0 3 * * *', 'Nowhere/Land', from, 3), []);
});

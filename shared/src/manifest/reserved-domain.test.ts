import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reservedDomain } from './reserved-domain.ts';

const cases: [name: string, app: string, serverDomain: string, open: boolean][] = [
  ['shop.example.com', 'shop', 'example.com', true],
  ['*.shop.example.com', 'shop', 'example.com', true],
  ['a.b.shop.example.com', 'shop', 'example.com', true],
  ['shop.example.com', 'evil', 'example.com', false],
  ['www.shop.example.com', 'evil', 'example.com', false],
  ['*.shop.example.com', 'evil', 'example.com', false],
  ['shop.localhost', 'evil', 'localhost', false],
  ['evil.shop.localhost', 'evil', 'localhost', false],
  ['*.localhost', 'evil', 'localhost', false],
  ['*.example.com', 'example', 'example.com', false],
  // No app can be called so, and none is hurt.
  ['example.com', 'evil', 'example.com', true],
  ['1a.example.com', 'evil', 'example.com', true],
  ['x.example.com', 'evil', 'example.com', true],
  // Elsewhere.
  ['shop.example.org', 'evil', 'example.com', true],
  ['shopexample.com', 'evil', 'example.com', true],
  ['*.example.org', 'evil', 'example.com', true],
  ['*.example.com', 'evil', 'apps.example.com', true],
  ['shop.example.com', 'evil', '', true],
];

for (const [name, app, serverDomain, open] of cases) {
  test(`${name} is ${open ? 'open to' : 'kept from'} ${app} on ${serverDomain || 'a server without a domain'}`, () => {
    assert.equal(reservedDomain(name, app, serverDomain) === undefined, open);
  });
}

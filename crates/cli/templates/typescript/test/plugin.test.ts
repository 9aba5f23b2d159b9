import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handler } from '../src/plugin.ts';
import { logged } from './host.ts';

const context = {
  executionId: '00000000-0000-0000-0000-000000000000',
  hook: { id: 1n, name: 'test', version: 1, source: 'studio' },
  trigger: { tag: 'stage', val: 'post_segment' },
  attempt: 1,
  deadlineMs: 30_000n,
  dryRun: false,
  previousResults: [],
} satisfies Parameters<typeof handler.run>[0];

const run = (metadata: object, settings: object) =>
  handler.run(context, JSON.stringify(metadata), '{}', JSON.stringify(settings));

test('long enough passes', async () => {
  const outcome = await run({ media: { duration_seconds: 5.3 } }, { minimum_seconds: 5 });
  assert.equal(outcome.status, 'pass');
  assert.deepEqual(JSON.parse(outcome.metadata!), { long_enough: true });
  assert.deepEqual(logged, ['info: 5.3 s, at least 5 s are wanted']);
});

test('too short fails', async () => {
  const outcome = await run({ media: { duration_seconds: 4 } }, { minimum_seconds: 5 });
  assert.equal(outcome.status, 'fail');
  assert.equal(outcome.message, '4 s is shorter than 5 s');
});

test('without a duration it says what to do', async () => {
  await assert.rejects(run({}, { minimum_seconds: 5 }), { message: /run media-probe/ });
});

test('the manifest has a schema', () => {
  const manifest = handler.describe();
  assert.equal(manifest.name, 'my-plugin');
  assert.equal(JSON.parse(manifest.settingsSchema!).type, 'object');
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { manifest } from '../src/manifest.js';
import { problemsOf } from '../src/settings.js';

const pointers = (settings) => problemsOf(settings).map(({ pointer }) => pointer);

test('the manifest has the version of the package', () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  assert.deepEqual([manifest.name, manifest.version], [name, version]);
  assert.equal(JSON.parse(manifest.settingsSchema).type, 'object');
});

test('good settings have no problems', () => {
  const picture = {
    extensions: ['mp4'],
    pattern: '(?<shot>\\w+)_s(?<number>\\d+)',
    equal: { number: '/metadata/segment/number' },
    required: ['/job/external_ref', '/scene_context'],
    case: 'lower',
    max_length: 64,
  };
  const settings = { kinds: { picture }, name_from: '/metadata/segment/file_name', on_violation: 'needs_review' };
  assert.deepEqual(problemsOf(settings), []);
});

for (const [what, settings, expected] of [
  ['no kinds', {}, ['/kinds']],
  ['no object', [], ['']],
  ['a wrong verdict', { kinds: { a: { extensions: ['a'] } }, on_violation: 'explode' }, ['/on_violation']],
  ['an unknown key', { kinds: { a: { extensions: ['a'], regex: '' } }, kind: 1 }, ['/kind', '/kinds/a/regex']],
  ['a dot before the extension', { kinds: { 'a/b': { extensions: ['.mp4'] } } }, ['/kinds/a~1b/extensions/0']],
  [
    'one extension for two kinds',
    { kinds: { a: { extensions: ['mp4'] }, b: { extensions: ['wav', 'MP4'] } } },
    ['/kinds/b/extensions/1'],
  ],
  ['a broken pattern', { kinds: { a: { extensions: ['a'], pattern: '(' } } }, ['/kinds/a/pattern']],
  [
    'a part that the pattern lacks',
    { kinds: { a: { extensions: ['a'], pattern: '(?<x>a)', equal: { y: '/job/id' } } } },
    ['/kinds/a/equal/y'],
  ],
  [
    'pointers that lead nowhere',
    { kinds: { a: { extensions: ['a'], required: ['variant/name', '/secrets/x'] } }, name_from: 7 },
    ['/name_from', '/kinds/a/required/0', '/kinds/a/required/1'],
  ],
  ['a wrong length and case', { kinds: { a: { extensions: ['a'], max_length: 0, case: 'Title' } } },
    ['/kinds/a/case', '/kinds/a/max_length']],
]) {
  test(`${what} is told with its place`, () => {
    assert.deepEqual(pointers(settings), expected);
  });
}

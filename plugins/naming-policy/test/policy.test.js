import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judge, PolicyError } from '../src/policy.js';

const SETTINGS = {
  kinds: {
    picture: {
      extensions: ['mp4', 'mov'],
      pattern: '(?<shot>[a-z]+_sh\\d{3})_(?<variant>[a-z]+)_s(?<number>\\d{2})(?:_(?<take>t\\d))?',
      equal: {
        shot: '/job/external_ref',
        variant: '/metadata/variant/name',
        number: '/metadata/segment/number',
      },
      required: ['/metadata/variant/name'],
      case: 'lower',
      max_length: 32,
    },
    bundle: { extensions: ['tar.gz', 'zip'] },
    other: { extensions: ['gz'], case: 'upper' },
  },
};
const DOCUMENT = {
  metadata: { variant: { name: 'vintage' }, segment: { number: 2 } },
  scene_context: {},
  job: { external_ref: 'bbb_sh010' },
};

function judged(name, changes = {}) {
  return judge({
    settings: SETTINGS,
    segmentPath: name === undefined ? undefined : `/segment/${name}`,
    document: DOCUMENT,
    ...changes,
  });
}

const codes = (outcome) => outcome.annotations.map(({ code }) => code);

test('a good name passes and its parts are read', () => {
  const outcome = judged('bbb_sh010_vintage_s02.mp4');
  assert.equal(outcome.status, 'pass');
  assert.deepEqual(outcome.annotations, []);
  assert.deepEqual(JSON.parse(outcome.metadata), {
    naming: {
      file_name: 'bbb_sh010_vintage_s02.mp4',
      kind: 'picture',
      parts: { shot: 'bbb_sh010', variant: 'vintage', number: '02' },
    },
  });
});

for (const [name, expected] of [
  ['bbb_sh010_vintage_s02.avi', ['naming.extension']],
  ['bbb_sh010_vintage_s02', ['naming.extension']],
  ['.mp4', ['naming.extension']],
  ['x_bbb_sh010_vintage_s02_y.mp4', ['naming.pattern']],
  ['bbb_sh010_vintage_s02\n.mp4', ['naming.pattern']],
  ['bbb_sh010_vintage_s02.MP4', ['naming.case']],
  ['bbb_sh010_vintage_s03.mp4', ['naming.part-mismatch']],
  ['bbb_sh020_modern_s02.mp4', ['naming.part-mismatch', 'naming.part-mismatch']],
  [`${'a'.repeat(40)}_sh010_vintage_s02.mp4`, ['naming.length', 'naming.part-mismatch']],
  ['things.zip', []],
  // The longer extension decides.
  ['things.tar.gz', []],
  ['things.gz', ['naming.case']],
]) {
  test(`${JSON.stringify(name)}: ${expected.join(', ') || 'passes'}`, () => {
    const outcome = judged(name);
    assert.deepEqual(codes(outcome), expected);
    assert.equal(outcome.status, expected.length === 0 ? 'pass' : 'fail');
    for (const annotation of outcome.annotations) assert.equal(annotation.path, name);
  });
}

test('what metadata lacks is a violation, and says where', () => {
  const document = { ...DOCUMENT, metadata: { segment: { number: 2 } } };
  const outcome = judged('bbb_sh010_vintage_s02.mp4', { document });
  assert.deepEqual(codes(outcome), ['naming.metadata-missing', 'naming.metadata-missing']);
  assert.match(outcome.message, /\/metadata\/variant\/name is missing, and 1 more/);
});

test('a list of names is judged as a whole', () => {
  const document = { ...DOCUMENT, metadata: { ...DOCUMENT.metadata, files: ['a/one.zip', 'two.exe'] } };
  const settings = { ...SETTINGS, name_from: '/metadata/files', on_violation: 'needs_review' };
  const outcome = judged(undefined, { settings, document });
  assert.equal(outcome.status, 'needs-review');
  assert.deepEqual(codes(outcome), ['naming.extension']);
  assert.deepEqual(JSON.parse(outcome.metadata).naming.files, [
    { file_name: 'one.zip', kind: 'bundle', parts: {} },
    { file_name: 'two.exe', kind: null, parts: {} },
  ]);
});

test('annotations are bounded, and the count is not', () => {
  const files = Array.from({ length: 250 }, (_, i) => `${i}.exe`);
  const settings = { ...SETTINGS, name_from: '/metadata/files' };
  const outcome = judged(undefined, { settings, document: { metadata: { files } } });
  assert.equal(outcome.annotations.length, 100);
  assert.deepEqual(outcome.metrics.at(-1), { name: 'naming_violations', value: 250 });
});

test('without a name nothing is judged', () => {
  assert.throws(() => judged(undefined), PolicyError);
  for (const pointer of ['/metadata/nothing', '/metadata/segment', '/metadata/constructor']) {
    const settings = { ...SETTINGS, name_from: pointer };
    assert.throws(() => judged('x.mp4', { settings }), /name_from: at/);
  }
});

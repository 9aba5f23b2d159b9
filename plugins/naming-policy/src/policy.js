// The policy: names against rules.

import { at } from './pointer.js';
import { expression } from './settings.js';

// More would not be read, and the answer has a bound.
const ANNOTATIONS_MAX = 100;

/** The work could not be done: the configuration or the call is at fault. */
export class PolicyError extends Error {}

/**
 * The outcome for one call. `document` is what pointers lead into: `metadata`,
 * `scene_context` and `job`.
 */
export function judge({ settings, segmentPath, document }) {
  const names = namesOf(settings.name_from, segmentPath, document);
  const list = [names].flat();
  const judged = list.map((name) => judgeName(name, settings.kinds, document));
  const violations = judged.flatMap((file) => file.violations);
  const found = judged.map(({ file_name, kind, parts }) => ({ file_name, kind, parts }));
  return {
    status: violations.length === 0 ? 'pass' : verdict(settings.on_violation),
    message: summary(judged, violations),
    annotations: violations.slice(0, ANNOTATIONS_MAX).map(annotation),
    metadata: JSON.stringify({ naming: Array.isArray(names) ? { files: found } : found[0] }),
    artifacts: [],
    metrics: [
      { name: 'names_checked', value: judged.length },
      { name: 'naming_violations', value: violations.length },
    ],
  };
}

function namesOf(pointer, segmentPath, document) {
  if (pointer === undefined) {
    if (segmentPath === undefined) {
      throw new PolicyError(
        'there is no segment whose name could be checked: grant it with "segment": "read", or say ' +
          'with the setting name_from where the name stands',
      );
    }
    return baseName(segmentPath);
  }
  const names = at(document, pointer);
  const isName = (name) => typeof name === 'string' && name !== '';
  if (isName(names)) return baseName(names);
  if (Array.isArray(names) && names.length > 0 && names.every(isName)) return names.map(baseName);
  throw new PolicyError(
    `name_from: at ${pointer} there is ${names === undefined ? 'nothing' : 'neither a name nor a list of names'}`,
  );
}

function judgeName(name, kinds, document) {
  const file = { file_name: name, kind: null, parts: {}, violations: [] };
  const violation = (code, message) => file.violations.push({ file: name, code, message });
  const { stem, kind } = kindOf(name, kinds);
  if (kind === undefined) {
    const allowed = Object.values(kinds).flatMap(({ extensions }) => extensions);
    violation('extension', `the extension is none of ${allowed.join(', ')}`);
    return file;
  }
  file.kind = kind;
  const rules = kinds[kind];
  const length = [...name].length;
  if (rules.max_length !== undefined && length > rules.max_length) {
    violation('length', `${length} characters, at most ${rules.max_length} are allowed`);
  }
  if (rules.case === 'lower' && name !== name.toLowerCase()) violation('case', 'must be in lower case');
  if (rules.case === 'upper' && name !== name.toUpperCase()) violation('case', 'must be in upper case');
  for (const pointer of rules.required ?? []) {
    if (isMissing(at(document, pointer))) violation('metadata-missing', `${pointer} is missing`);
  }
  if (rules.pattern !== undefined) {
    const match = expression(rules.pattern).exec(stem);
    if (match) {
      file.parts = partsOf(match);
      checkEqual(file.parts, rules.equal ?? {}, document, violation);
    } else {
      violation('pattern', `${stem} is not of the form ${rules.pattern}`);
    }
  }
  return file;
}

/** The longest extension that fits decides: `tar.gz` comes before `gz`. */
function kindOf(name, kinds) {
  let best = { stem: name, kind: undefined, length: 0 };
  for (const [kind, { extensions }] of Object.entries(kinds)) {
    for (const extension of extensions) {
      const stem = name.slice(0, -extension.length - 1);
      const fits = name.toLowerCase().endsWith(`.${extension.toLowerCase()}`);
      if (fits && stem !== '' && extension.length > best.length) best = { stem, kind, length: extension.length };
    }
  }
  return best;
}

function partsOf(match) {
  const groups = Object.entries(match.groups ?? {});
  return Object.fromEntries(groups.filter(([, part]) => part !== undefined));
}

function checkEqual(parts, equal, document, violation) {
  for (const [part, pointer] of Object.entries(equal)) {
    const wanted = at(document, pointer);
    if (isMissing(wanted)) {
      violation('metadata-missing', `${pointer} is missing, which ${part} must equal`);
    } else if (!isEqual(parts[part], wanted)) {
      violation('part-mismatch', `${part} is ${parts[part] ?? 'absent'}, ${pointer} is ${JSON.stringify(wanted)}`);
    }
  }
}

/** A number is met by digits of the same value, padded or not: `s02` is 2. */
function isEqual(part, wanted) {
  if (part === undefined) return false;
  if (typeof wanted === 'number') return /^-?\d+(\.\d+)?$/.test(part) && Number(part) === wanted;
  return part === String(wanted);
}

function isMissing(value) {
  return value === undefined || value === null || value === '';
}

function baseName(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

// The contract's spelling in WIT.
function verdict(onViolation) {
  return onViolation === 'needs_review' ? 'needs-review' : 'fail';
}

function annotation({ file, code, message }) {
  return { level: 'error', code: `naming.${code}`, message: `${file}: ${message}`, path: file };
}

function summary(judged, violations) {
  const what = judged.length === 1 ? judged[0].file_name : `${judged.length} names`;
  if (violations.length === 0) return `${what}: as the policy wants`;
  const first = `${violations[0].file}: ${violations[0].message}`;
  return violations.length === 1 ? first : `${first}, and ${violations.length - 1} more`;
}

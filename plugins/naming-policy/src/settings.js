// Settings: what is wrong with them, beyond what a schema can say.

export const CASES = ['lower', 'upper', 'any'];
export const VERDICTS = ['fail', 'needs_review'];

const ROOTS = ['metadata', 'scene_context', 'job'];
const KIND_KEYS = ['extensions', 'pattern', 'equal', 'required', 'case', 'max_length'];
const KEYS = ['kinds', 'name_from', 'on_violation'];

/** The pattern of a kind, which has to match the whole. Throws where it is none. */
export function expression(pattern) {
  return new RegExp(`^(?:${pattern})$`, 'u');
}

/** Problems with settings: `{pointer, detail}` each, none where they are fine. */
export function problemsOf(settings) {
  const problems = [];
  const problem = (path, detail) => problems.push({ pointer: path.map(escaped).join(''), detail });
  if (!isObject(settings)) {
    problem([], 'must be an object');
    return problems;
  }
  unknownKeys(settings, KEYS, [], problem);
  if (settings.name_from !== undefined) checkPointer(settings.name_from, ['name_from'], problem);
  if (settings.on_violation !== undefined && !VERDICTS.includes(settings.on_violation)) {
    problem(['on_violation'], `must be one of ${VERDICTS.join(', ')}`);
  }
  if (!isObject(settings.kinds) || Object.keys(settings.kinds).length === 0) {
    problem(['kinds'], 'must name at least one kind of file');
    return problems;
  }
  const owners = new Map();
  for (const [name, kind] of Object.entries(settings.kinds)) {
    checkKind(name, kind, owners, problem);
  }
  return problems;
}

function checkKind(name, kind, owners, problem) {
  const at = ['kinds', name];
  if (!isObject(kind)) {
    problem(at, 'must be an object');
    return;
  }
  unknownKeys(kind, KIND_KEYS, at, problem);
  checkExtensions(name, kind.extensions, owners, problem);
  const groups = checkPattern(kind.pattern, [...at, 'pattern'], problem);
  checkEqual(kind.equal, groups, [...at, 'equal'], problem);
  if (kind.required !== undefined) {
    if (Array.isArray(kind.required)) {
      kind.required.forEach((pointer, i) => checkPointer(pointer, [...at, 'required', i], problem));
    } else {
      problem([...at, 'required'], 'must be a list of JSON pointers');
    }
  }
  if (kind.case !== undefined && !CASES.includes(kind.case)) {
    problem([...at, 'case'], `must be one of ${CASES.join(', ')}`);
  }
  const length = kind.max_length;
  if (length !== undefined && !(Number.isInteger(length) && length >= 1 && length <= 255)) {
    problem([...at, 'max_length'], 'must be a whole number from 1 to 255');
  }
}

function checkExtensions(name, extensions, owners, problem) {
  const at = ['kinds', name, 'extensions'];
  if (!Array.isArray(extensions) || extensions.length === 0) {
    problem(at, 'must list at least one extension');
    return;
  }
  extensions.forEach((extension, i) => {
    if (typeof extension !== 'string' || !/^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$/.test(extension)) {
      problem([...at, i], 'must be an extension without the leading dot, such as mp4');
      return;
    }
    const folded = extension.toLowerCase();
    if (owners.has(folded)) {
      problem([...at, i], `is listed already, for ${owners.get(folded)}: the extension decides the kind`);
    } else {
      owners.set(folded, name);
    }
  });
}

/** The named groups of a pattern; null where it cannot be told. */
function checkPattern(pattern, at, problem) {
  if (pattern === undefined) return [];
  if (typeof pattern !== 'string') {
    problem(at, 'must be a regular expression');
    return null;
  }
  try {
    expression(pattern);
    // An alternative that matches nothing makes every group show up.
    return Object.keys(new RegExp(`${pattern}|`, 'u').exec('').groups ?? {});
  } catch (error) {
    problem(at, `is no regular expression: ${error.message}`);
    return null;
  }
}

function checkEqual(equal, groups, at, problem) {
  if (equal === undefined) return;
  if (!isObject(equal)) {
    problem(at, 'must be an object of JSON pointers');
    return;
  }
  for (const [part, pointer] of Object.entries(equal)) {
    checkPointer(pointer, [...at, part], problem);
    if (groups && !groups.includes(part)) {
      problem([...at, part], `is no named group of the pattern; it has ${groups.join(', ') || 'none'}`);
    }
  }
}

function checkPointer(pointer, at, problem) {
  const root = typeof pointer === 'string' && pointer.startsWith('/') ? pointer.split('/')[1] : undefined;
  if (!ROOTS.includes(root)) {
    problem(at, `must be a JSON pointer that begins with ${ROOTS.map((name) => `/${name}`).join(', ')}`);
  }
}

function unknownKeys(object, known, at, problem) {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) problem([...at, key], `is not known here; known: ${known.join(', ')}`);
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escaped(step) {
  return `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

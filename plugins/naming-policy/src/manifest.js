// What the plugin says about itself.

import { CASES, VERDICTS } from './settings.js';

const pointer = {
  type: 'string',
  pattern: '^/(metadata|scene_context|job)(/|$)',
  description: 'JSON pointer, such as /metadata/variant/name, /scene_context/location or /job/external_ref.',
};

const kind = {
  type: 'object',
  required: ['extensions'],
  additionalProperties: false,
  properties: {
    extensions: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^[A-Za-z0-9]+(\\.[A-Za-z0-9]+)*$' },
      description: 'Extensions that make a file one of this kind, without the leading dot.',
    },
    pattern: {
      type: 'string',
      description: 'Regular expression for the whole name without its extension. Named groups are the parts.',
    },
    equal: {
      type: 'object',
      additionalProperties: pointer,
      description: 'Which part must equal which value: {"number": "/metadata/segment/number"}.',
    },
    required: {
      type: 'array',
      items: pointer,
      description: 'Values that must be there for a file of this kind.',
    },
    case: { enum: CASES, description: 'Case of the letters of the name.' },
    max_length: { type: 'integer', minimum: 1, maximum: 255, description: 'Characters, with the extension.' },
  },
};

const schema = {
  type: 'object',
  required: ['kinds'],
  additionalProperties: false,
  properties: {
    kinds: {
      type: 'object',
      minProperties: 1,
      additionalProperties: kind,
      description: 'The rules by kind of file, such as picture, sound, data.',
    },
    name_from: {
      ...pointer,
      description: 'Where the name, or a list of names, stands. Absent: the name of the segment.',
    },
    on_violation: { enum: VERDICTS, default: 'fail', description: 'What to answer where a rule is broken.' },
  },
};

export const manifest = {
  name: 'naming-policy',
  version: '0.1.0',
  description:
    "Holds the names of files against the studio's rules, and reads the parts of a name into the " +
    'metadata key `naming`.',
  hookPoints: ['pre_segment', 'post_segment', 'post_variant', 'post_delivery'],
  capabilities: [
    {
      capability: 'segment-read',
      reason: 'to know the name of the segment; not needed where name_from says where the name stands',
    },
  ],
  settingsSchema: JSON.stringify(schema),
};

import { log } from 'stagehook:hook/host@0.2.0';
import { definePlugin, fail, failure, pass } from './stagehook.ts';

interface Settings {
  minimum_seconds: number;
}

export const handler = definePlugin<Settings>({
  manifest: {
    name: 'my-plugin',
    version: '0.1.0',
    description: 'Fails media that is shorter than a minimum.',
    hookPoints: ['post_segment'],
    settingsSchema: {
      type: 'object',
      properties: {
        minimum_seconds: { type: 'number', minimum: 0, description: 'The shortest that passes.' },
      },
      required: ['minimum_seconds'],
      additionalProperties: false,
    },
  },

  run({ metadata, settings }) {
    const seconds = metadata.media?.duration_seconds;
    if (typeof seconds !== 'number') {
      throw failure('the metadata has no media.duration_seconds: run media-probe before this hook');
    }
    log('info', `${seconds} s, at least ${settings.minimum_seconds} s are wanted`);
    const metrics = [{ name: 'duration_seconds', value: seconds }];
    if (seconds < settings.minimum_seconds) {
      return fail(`${seconds} s is shorter than ${settings.minimum_seconds} s`, { metrics });
    }
    return pass({ metadata: { long_enough: true }, metrics });
  },
});
